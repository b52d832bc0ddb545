"""A person logs in once; after that the engine renews the login by itself, and stops when it cannot."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from engine import flow
from engine.kernel.faults import Faulty
from engine.spi import AuthExpired, AuthRequest, Parcel, PluginContext, Receipt, Rejected, TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import MemoryChannel, PlainFormat
from tests.support.house import House, invoice


class Cloud(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str
    token: SecretStr = SecretStr("")
    refresh: SecretStr = SecretStr("")


class CloudChannel(MemoryChannel):
    """Tokens age: only the newest one counts, and each refresh token does once."""

    settings_model = Cloud  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__("email")
        self.age, self.expired, self.revoked, self.refreshed = 0, False, False, 0
        self.meeting: threading.Barrier | None = None

    def auth_start(self, settings: Cloud, state: str, context: PluginContext) -> AuthRequest:
        return AuthRequest(f"https://cloud.example/login?state={state}", state, "ABCD-1234", {"account": "a1"})

    def auth_finish(
        self, settings: Cloud, request: AuthRequest, answer: str, context: PluginContext
    ) -> Mapping[str, str]:
        if answer == "":
            raise TryLater("nobody has agreed yet")
        if answer != f"code+{request.state}" or request.kept != {"account": "a1"}:
            raise Rejected("that is the answer to somebody else's question")
        return self._tokens()

    def auth_refresh(self, settings: Cloud, context: PluginContext) -> Mapping[str, str]:
        if self.meeting:
            self.meeting.wait(120)
        self.refreshed += 1
        if self.revoked or settings.refresh.get_secret_value() != f"refresh-{self.age}":
            raise AuthExpired("the account was closed")
        self.age, self.expired = self.age + 1, False
        return self._tokens()

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        if self.expired or parcel.settings.token.get_secret_value() != f"token-{self.age}":
            raise AuthExpired("the token is old")
        return super().deliver(parcel, context)

    def _tokens(self) -> dict[str, str]:
        return {"token": f"token-{self.age}", "refresh": f"refresh-{self.age}"}


@pytest.fixture
def cloud() -> CloudChannel:
    return CloudChannel()


@pytest.fixture
def logged_in(house: House, cloud: CloudChannel) -> House:
    ours = house.beside(Plugins({"facturx": PlainFormat("facturx")}, {"email": cloud}))
    flow.configure(ours, ours.context, "DEMO-MAIL", "email", {"account": "acme"})
    login(ours)
    return ours


def login(house: House) -> None:
    request = flow.authorize(house, house.context, "DEMO-MAIL")
    assert request is not None and request.user_code == "ABCD-1234" and len(request.state) >= 32
    assert flow.authorize(house, house.context, "DEMO-MAIL", f"code+{request.state}") is None
    flow.test_connection(house, house.context, "DEMO-MAIL")
    flow.activate(house, house.context, "DEMO-MAIL")


def refusal(house: House, answer: str | None) -> str:
    with pytest.raises(Faulty) as faulty:
        flow.authorize(house, house.context, "DEMO-MAIL", answer)
    (fault,) = faulty.value.faults
    assert fault.code == "login_refused"
    return fault.message


def state(house: House) -> tuple[str, str]:
    (only,) = flow.connections(house, house.context)
    return only["state"], only["detail"]


def test_a_person_logs_in_and_documents_leave(logged_in: House) -> None:
    logged_in.post(invoice())
    assert logged_in.relay() == {"sent": 1}
    assert "token-0" not in str(logged_in.rows(tables.connection) + logged_in.rows(tables.audit))


def test_an_answer_that_is_not_ours_is_refused(logged_in: House) -> None:
    assert "nobody has begun one" in refusal(logged_in, "code+x")
    flow.authorize(logged_in, logged_in.context, "DEMO-MAIL")
    assert "somebody else's question" in refusal(logged_in, "code+guessed")
    assert "nobody has agreed yet" in refusal(logged_in, "")
    assert state(logged_in) == ("active", "")


def test_where_nobody_logs_in_there_is_no_login(house: House) -> None:
    house.connect()
    with pytest.raises(Faulty) as faulty:
        flow.authorize(house, house.context, "DEMO-MAIL")
    assert [fault.code for fault in faulty.value.faults] == ["no_login_needed"]


def test_an_old_token_is_renewed_once_and_nothing_waits_for_a_person(logged_in: House, cloud: CloudChannel) -> None:
    logged_in.post(invoice())
    cloud.expired = True
    logged_in.relay()
    assert state(logged_in) == ("active", "") and cloud.refreshed == 1
    logged_in.clock.goes_on(minutes=1)
    logged_in.relay()
    assert logged_in.row(tables.delivery)["state"] == "sent" and cloud.refreshed == 1


def test_when_it_cannot_be_renewed_the_connection_waits_for_a_person(logged_in: House, cloud: CloudChannel) -> None:
    logged_in.post(invoice())
    logged_in.post(invoice())
    cloud.expired = cloud.revoked = True
    logged_in.relay()
    assert state(logged_in) == ("needs_reauth", "the account was closed") and cloud.refreshed == 1
    cloud.expired = cloud.revoked = False
    login(logged_in)
    logged_in.clock.goes_on(hours=1)
    logged_in.relay()
    assert {row["state"] for row in logged_in.rows(tables.delivery)} == {"sent"}


def test_two_that_renew_at_once_keep_one_login(logged_in: House, cloud: CloudChannel) -> None:
    cloud.meeting = threading.Barrier(2)
    switchboard, renewed = logged_in.switchboard(logged_in.clock), []

    def renew() -> None:
        renewed.append(switchboard.refused("DEMO-MAIL", AuthExpired("old")))

    threads = [threading.Thread(target=renew) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cloud.refreshed == 2 and True in renewed
    assert state(logged_in) == ("active", "") and cloud.age == 1
    logged_in.post(invoice())
    assert logged_in.relay() == {"sent": 1}
