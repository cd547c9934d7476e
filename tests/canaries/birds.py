"""The canaries: addresses, numbers and secrets of one run, and where each is at home."""

from dataclasses import dataclass

from tests.gateways.providers.canaries import CANARY

DATABASE = "the database"
DATABASE_WIRE = f"{DATABASE}, by wire"
PLATFORM = "answers to the platform"
CALLBACKS = "callbacks"
OPT_OUTS = "opt-outs, as others are told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bird:
    """One canary. `spelled` is the part of it that all of its values share.

    Places whose names begin as one of `at_home` may show it.
    """

    name: str
    spelled: str
    at_home: tuple[str, ...] = ()


EMAIL = Bird(name="an e-mail address", spelled="wilhelmina.quokka")
PHONE = Bird(name="a telephone number", spelled="151706048")
PREVIEW = Bird(name="a preview's address", spelled="hieronymus.numbat")
USER_ID = Bird(
    name="an ext_user_id that is an address",
    spelled="ottoline.dugong",
    at_home=(DATABASE, PLATFORM),
)
# What is typed may be an id, or the name of a person of the house: it is looked for as one.
TYPED = Bird(
    name="an address that somebody typed", spelled="balthasar.wombat", at_home=(DATABASE_WIRE,)
)
MISTYPED = Bird(
    name="a password typed as a name", spelled="Xs5cKpolyglotmistypedU8", at_home=(DATABASE_WIRE,)
)
# What is reported may be the id of a provider, which stands open beside a try: it is looked for.
CALLED_ID = Bird(
    name="an address called an id", spelled="ermintrude.potoroo", at_home=(DATABASE_WIRE,)
)
NUMBER_CALLED_ID = Bird(name="a number called an id", spelled="168402957", at_home=(DATABASE_WIRE,))
SOUGHT = Bird(name="an address that a user is looked for by", spelled="leopoldine.bilby")
BODY = Bird(name="what a message says", spelled="pumpernickel meringue")
PROVIDER_SECRET = Bird(name="a provider's secret", spelled=CANARY)
SMARTICO_KEY = Bird(name="Smartico's key", spelled="Kq7vYpolyglotsmarticoW3")
PLATFORM_KEY = Bird(name="the platform's key", spelled="Rb5tXpolyglotplatformN8")
STATUS_KEY = Bird(name="the status key", spelled="Hc2mZpolyglotstatusP6")
API_KEY = Bird(
    name="the api_key of the callbacks", spelled="Dj9sVpolyglotcallbackL4", at_home=(CALLBACKS,)
)
EVENTS_TOKEN = Bird(
    name="the token of Smartico's events", spelled="Wf8cXpolyglotevents2Q", at_home=(OPT_OUTS,)
)
WEBHOOK_SECRET = Bird(name="what signs webhooks", spelled="UG9seWdsb3RXZWJob29rU2VjcmV0QnkyNA")
ELSEWHERE_KEY = Bird(name="Smartico's other key", spelled="Yt4rBpolyglotelsewhereC1")
DIRECTORY_KEY = Bird(name="a directory's secret", spelled="Lp3zYpolyglotdirectoryJ7")
CALLBACK_PATH = Bird(
    name="the path of a callback_url", spelled="polyglotcallbackpath", at_home=(CALLBACKS,)
)
PASSWORD = Bird(name="a password", spelled="Tz4bQpolyglotpasswordM1")

BIRDS = (
    *(EMAIL, PHONE, PREVIEW, USER_ID, TYPED, SOUGHT, BODY),
    *(PROVIDER_SECRET, SMARTICO_KEY, PLATFORM_KEY, STATUS_KEY, API_KEY, CALLBACK_PATH, PASSWORD),
    *(MISTYPED, CALLED_ID, NUMBER_CALLED_ID),
    *(EVENTS_TOKEN, WEBHOOK_SECRET, ELSEWHERE_KEY, DIRECTORY_KEY),
)


def address(number: int) -> str:
    """One of the run's e-mail addresses."""
    return f"{EMAIL.spelled}.{number}@xylotheque.example"


def telephone(number: int) -> str:
    """One of the run's numbers."""
    return f"+49{PHONE.spelled}{number:02}"


PREVIEW_ADDRESS = f"{PREVIEW.spelled}@amazing.co"
ADDRESS_AS_ID = f"{USER_ID.spelled}@players.example"
TYPED_ADDRESS = f"{TYPED.spelled}@nobody.example"
SOUGHT_ADDRESS = f"{SOUGHT.spelled}@nobody.example"
