"""Teams: chats, online meetings with attendance, presence, apps, the activity feed, bots."""
