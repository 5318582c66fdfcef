"""Teams without its wire: chats, and the wording of what people are sent."""
