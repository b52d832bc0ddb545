"""Channel `email`: what it does with a parcel, how it is tested, and what came back of what it sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import BaseModel

from engine.spi import (
    AuthExpired,
    ConfigError,
    DeliveryEvent,
    DeliveryPolicy,
    DocumentView,
    Parcel,
    PluginContext,
    PluginError,
    Receipt,
    Rejected,
    StepState,
    TestReport,
    TestStep,
    TransientError,
)
from plugins.email_smtp import returned
from plugins.email_smtp.addresses import address, one_line, sorted_out, split
from plugins.email_smtp.conversation import LOGIN, Envelope, listed, said, send, talking
from plugins.email_smtp.mapping import compose, identity
from plugins.email_smtp.settings import EmailSettings

REFUSED = "refused", "use an address that this server sends for"
WRONG: Mapping[type[PluginError], tuple[str, str]] = {
    TransientError: ("unreachable", "see that host and port are right, and that the server answers"),
    ConfigError: ("not_offered", "correct the settings, or the server"),
    PluginError: ("refused", "correct the settings"),
}
"""What a failed test tells a program, and a person; the first that fits."""


class EmailChannel:
    """Channel `email`. A second hand-over of a parcel makes a second mail with the same Message-ID.

    `tls` makes the context that checks the server's certificate; tests pass their own.
    """

    name = "email"
    settings_model: type[BaseModel] = EmailSettings

    def __init__(self, tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._tls = tls

    def policy_of(self, settings: EmailSettings) -> DeliveryPolicy:
        return DeliveryPolicy.AT_LEAST_ONCE

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The addresses in the partner's e-mail field."""
        return sorted_out(split(document.partner.email))[0]

    def test(self, settings: EmailSettings, context: PluginContext) -> TestReport:
        """Greet the server and offer it a mail from our own address to it; take that back before anything is sent.

        Then, where mail comes back to a mailbox, look into that.
        """
        steps: list[TestStep] = []
        try:
            for step in (*self._tried(settings, context), *returned.tried(settings, context, self._tls)):
                steps.append(step)
        except AuthExpired as wrong:
            steps.append(TestStep("login", StepState.FAIL, wrong.reason, "bad_secret", "correct user and password"))
        except PluginError as wrong:
            code, hint = next((told for kind, told in WRONG.items() if isinstance(wrong, kind)))
            steps.append(TestStep("server", StepState.FAIL, wrong.reason, code, hint))
        return TestReport(tuple(steps))

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        """Send one mail to all recipients. Who was refused, and who comes later, is told in the receipt."""
        settings: EmailSettings = parcel.settings
        to, unreadable = sorted_out(parcel.recipients)
        copies = sorted_out((*parcel.copies, *parcel.hidden_copies))[0]
        if not to:
            refused = dict.fromkeys(unreadable, "not an e-mail address")
            raise Rejected(f"no recipient with an e-mail address{listed(refused)}", refused)
        message, mark = compose(parcel), identity(parcel.key)
        message["Date"] = context.now()
        others = tuple(one for one in copies if one.lower() not in {each.lower() for each in to})
        with talking(settings, self._tls, context.network) as conversation:
            taken = send(conversation, Envelope(sender(settings, mark), to, others, mark), message.as_bytes())
        addressed = (*parcel.recipients, *parcel.copies, *parcel.hidden_copies)
        refused, later = as_addressed(addressed, taken.refused), as_addressed(addressed, taken.later)
        refused |= {one: "not an e-mail address" for one in addressed if address(one) is None}
        return Receipt(str(message["Message-ID"]), one_line(taken.words, 300), refused, later)

    def events(self, settings: EmailSettings, context: PluginContext) -> Iterator[DeliveryEvent]:
        """What came back to the mailbox of the settings; nothing where there is none."""
        return returned.events(settings, context, self._tls)

    def _tried(self, settings: EmailSettings, context: PluginContext) -> Iterator[TestStep]:
        with talking(settings, self._tls, context.network) as conversation:
            secure = settings.implicit_tls or settings.starttls == "required"
            words = "it greets us" + (", and proved its name over TLS" if secure else "")
            yield TestStep("server", StepState.OK, words + (", and takes our login" if settings.user else ""))
            for step, ask in (("sender", conversation.mail), ("recipient", conversation.rcpt)):
                code, answer = ask(settings.sender_address)
                state = StepState.OK if code // 100 == 2 else StepState.WARN if code // 100 == 4 else StepState.FAIL
                fine = state is StepState.OK
                refused = ("bad_secret", "give user and password") if code in LOGIN else REFUSED
                yield TestStep(step, state, said(code, answer), *(("", "") if fine else refused))
            conversation.rset()


def as_addressed(words: Iterable[str], answers: Mapping[str, str]) -> dict[str, str]:
    """What the server said of each address, under the words that the parcel has for it."""
    found = {who.lower(): why for who, why in answers.items()}
    return {one: found[wire.lower()] for one in words if (wire := address(one)) and wire.lower() in found}


def sender(settings: EmailSettings, mark: str) -> str:
    """Who hears when a mail fails: the address for that with the mail's mark, else the sender."""
    local, at, domain = settings.bounce_address.rpartition("@")
    return f"{local}+{mark}@{domain}" if at else settings.sender_address
