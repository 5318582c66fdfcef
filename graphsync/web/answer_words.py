"""What the answer pages say, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphsync.mentoring import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The phrases of one language; headings may name `{other}`, the other one of the two."""

    headings: Mapping[Choice, str]
    texts: Mapping[Choice, str]
    buttons: Mapping[Choice, str]
    done: Mapping[Choice, str]
    unusable: Mapping[str, str]
    noted: str
    thanks: str
    sorry: str
    until: str
    no_such_day: str
    question: str
    nothing_asked: str
    too_long: str
    not_relayed: str
    digest_heading: Mapping[bool, str]
    digest_text: Mapping[bool, str]
    digest_button: Mapping[bool, str]
    digest_done: Mapping[bool, str]


_EN: Final = Words(
    headings={
        Choice.YES: "Your mentoring with {other}: yes, do that?",
        Choice.NO: "Your mentoring with {other}: leave it as it is?",
        Choice.MET: "You and {other} met?",
        Choice.NOT_MET: "You and {other} did not meet?",
        Choice.SETTLED: "Your mentoring with {other}: does it suit you?",
        Choice.TALKED: "You and {other} talked?",
        Choice.ANSWERED: "You have answered {other}?",
        Choice.ASK: "Ask {other} a question",
        Choice.SKIP: "Go without this session with {other}?",
        Choice.HELP: "A hand with your mentoring with {other}?",
        Choice.PAUSE: "Take a break from your mentoring with {other}?",
        Choice.END: "Close your mentoring with {other}?",
    },
    texts={
        Choice.YES: "What the message suggests is done as soon as you say so.",
        Choice.NO: "Nothing changes then.",
        Choice.MET: "Good to know. Nobody asks further.",
        Choice.NOT_MET: "A new time is looked for then, in the same week where there is one. Nobody asks why.",
        Choice.SETTLED: "Your first session is booked once you both have said so.",
        Choice.TALKED: "Then all is well, and no more is asked.",
        Choice.ANSWERED: "Then the question is closed.",
        Choice.ASK: "It goes out by mail, and the answer comes to you. Its text is not kept here.",
        Choice.SKIP: "The next session is booked as usual.",
        Choice.HELP: "The coordinator of the programme gets in touch with you both. Nobody else is told.",
        Choice.PAUSE: "Until the day you choose no session is booked and no message sent; then it goes on by itself.",
        Choice.END: "Sessions still to come are cancelled, and you both get a word of thanks.",
    },
    buttons={
        Choice.YES: "Yes, do that",
        Choice.NO: "Leave it as it is",
        Choice.MET: "We met",
        Choice.NOT_MET: "We did not meet",
        Choice.SETTLED: "That suits me",
        Choice.TALKED: "We talked",
        Choice.ANSWERED: "I have answered",
        Choice.ASK: "Send it",
        Choice.SKIP: "Skip this one",
        Choice.HELP: "Ask for help",
        Choice.PAUSE: "Take a break",
        Choice.END: "Close the mentoring",
    },
    done={
        Choice.YES: "It is being done; what changes comes to your calendar.",
        Choice.NO: "Nothing changes.",
        Choice.MET: "It is noted.",
        Choice.NOT_MET: "A new time is being looked for.",
        Choice.SETTLED: "It is noted.",
        Choice.TALKED: "It is noted.",
        Choice.ANSWERED: "It is noted.",
        Choice.ASK: "It is on its way.",
        Choice.SKIP: "The next session is booked as usual.",
        Choice.HELP: "The coordinator will get in touch.",
        Choice.PAUSE: "Enjoy the break. Both of you get a word about it.",
        Choice.END: "Both of you get a word about it.",
    },
    unusable={
        "forged": "This link does not work. Open it from the message it came in.",
        "expired": "This link is too old. The latest message has a new one, or write to your coordinator.",
        "gone": "This mentoring has ended, so there is nothing to answer any more.",
    },
    noted="You have said this already; you can say it once more.",
    thanks="Thank you",
    sorry="This link cannot be used",
    until="Until, and then it goes on",
    no_such_day="That day cannot be used. Go back, and choose one from tomorrow on, within a year.",
    question="Your question",
    nothing_asked="There is no text yet. Write your question, and send it.",
    too_long="That is too long for a question: at most 4,000 characters. Shorten it, and send it.",
    not_relayed="It could not be sent now. Your text is still here: try again in a few minutes, or write a mail.",
    digest_heading={True: "Or one mail a week", False: "Or messages as they come"},
    digest_text={
        True: "What can wait comes together, once a week. Invites, and what concerns the next days, come as always.",
        False: "You get what can wait in one mail a week. You can have it as it comes again.",
    },
    digest_button={True: "One mail a week", False: "As they come"},
    digest_done={True: "From now on what can wait comes once a week.", False: "From now on messages come as they are."},
)

_FR: Final = Words(
    headings={
        Choice.YES: "Votre mentorat avec {other} : c’est d’accord ?",
        Choice.NO: "Votre mentorat avec {other} : ne rien changer ?",
        Choice.MET: "{other} et vous avez eu votre session ?",
        Choice.NOT_MET: "{other} et vous n’avez pas eu votre session ?",
        Choice.SETTLED: "Votre mentorat avec {other} : cela vous convient-il ?",
        Choice.TALKED: "{other} et vous vous êtes parlé ?",
        Choice.ANSWERED: "Vous avez répondu à {other} ?",
        Choice.ASK: "Poser une question à {other}",
        Choice.SKIP: "Se passer de cette session avec {other} ?",
        Choice.HELP: "Un coup de main pour votre mentorat avec {other} ?",
        Choice.PAUSE: "Faire une pause dans votre mentorat avec {other} ?",
        Choice.END: "Mettre fin à votre mentorat avec {other} ?",
    },
    texts={
        Choice.YES: "Ce que propose le message sera fait dès que vous aurez confirmé.",
        Choice.NO: "Rien ne change alors.",
        Choice.MET: "C’est bon à savoir. Personne n’en demande davantage.",
        Choice.NOT_MET: "Un nouveau créneau est cherché, dans la semaine si possible. Personne ne demande pourquoi.",
        Choice.SETTLED: "Votre première session sera planifiée dès que vous aurez tous deux confirmé.",
        Choice.TALKED: "Alors tout va bien, et rien de plus n’est demandé.",
        Choice.ANSWERED: "La question est alors close.",
        Choice.ASK: "Elle part par message, et la réponse vous revient. Son texte n’est pas conservé ici.",
        Choice.SKIP: "La prochaine session sera planifiée comme d’habitude.",
        Choice.HELP: "La coordination du programme prendra contact avec vous deux. Personne d’autre n’en saura rien.",
        Choice.PAUSE: "Jusqu’au jour choisi, ni session ni message ; puis tout reprend.",
        Choice.END: "Les sessions à venir sont annulées, et vous recevez tous deux un mot de remerciement.",
    },
    buttons={
        Choice.YES: "Oui, faites-le",
        Choice.NO: "Ne rien changer",
        Choice.MET: "La session a eu lieu",
        Choice.NOT_MET: "La session n’a pas eu lieu",
        Choice.SETTLED: "Cela me convient",
        Choice.TALKED: "Nous nous sommes parlé",
        Choice.ANSWERED: "J’ai répondu",
        Choice.ASK: "Envoyer",
        Choice.SKIP: "Sauter cette session",
        Choice.HELP: "Demander de l’aide",
        Choice.PAUSE: "Faire une pause",
        Choice.END: "Mettre fin au mentorat",
    },
    done={
        Choice.YES: "C’est en cours ; ce qui change arrive dans votre agenda.",
        Choice.NO: "Rien ne change.",
        Choice.MET: "C’est noté.",
        Choice.NOT_MET: "Un nouveau créneau est cherché.",
        Choice.SETTLED: "C’est noté.",
        Choice.TALKED: "C’est noté.",
        Choice.ANSWERED: "C’est noté.",
        Choice.ASK: "Elle est en route.",
        Choice.SKIP: "La prochaine session sera planifiée comme d’habitude.",
        Choice.HELP: "La coordination prendra contact avec vous.",
        Choice.PAUSE: "Bonne pause. Vous recevez tous deux un mot à ce sujet.",
        Choice.END: "Vous recevez tous deux un mot à ce sujet.",
    },
    unusable={
        "forged": "Ce lien ne fonctionne pas. Ouvrez-le depuis le message où il se trouve.",
        "expired": "Ce lien est trop ancien. Le dernier message en a un nouveau ; sinon, écrivez à votre coordination.",
        "gone": "Ce mentorat est terminé : il n’y a plus rien à répondre.",
    },
    noted="Vous l’avez déjà dit ; vous pouvez le redire.",
    thanks="Merci",
    sorry="Ce lien ne peut pas être utilisé",
    until="Jusqu’au, puis tout reprend",
    no_such_day="Ce jour ne convient pas. Revenez en arrière et choisissez-en un à partir de demain, dans l’année.",
    question="Votre question",
    nothing_asked="Il n’y a pas encore de texte. Écrivez votre question, puis envoyez-la.",
    too_long="C’est trop long pour une question : 4 000 caractères au plus. Raccourcissez, puis envoyez.",
    not_relayed="L’envoi n’a pas abouti. Votre texte est toujours là : réessayez dans quelques minutes.",
    digest_heading={True: "Ou un message par semaine", False: "Ou les messages au fil de l’eau"},
    digest_text={
        True: "Ce qui peut attendre arrive en une fois, chaque semaine. Les invitations restent à part.",
        False: "Ce qui peut attendre vous arrive en un message par semaine. Cela peut redevenir comme avant.",
    },
    digest_button={True: "Un message par semaine", False: "Au fil de l’eau"},
    digest_done={
        True: "Désormais, ce qui peut attendre arrive une fois par semaine.",
        False: "Désormais, les messages arrivent au fil de l’eau.",
    },
)

WORDS: Final[Mapping[str, Words]] = {"en": _EN, "fr": _FR}
"""The phrases by language; those of `teams.messages.LANGUAGES`."""
