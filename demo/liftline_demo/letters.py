"""The events of e-mails and invitations, told along time; e-mails are the server's to report."""

from __future__ import annotations

from liftline_demo.draw import identifier
from liftline_demo.lives import Chapter
from liftline_demo.mail import Fate, fate_of, seconds_until_opened
from liftline_demo.people import People
from liftline_demo.script import Happening, Script
from liftline_demo.truth import GroundTruth

IDLE_INVITE_S = 10 * 60
"""An invitation that nobody opened for so long is reminded of."""

_CATEGORIES = {
    "welcome": "transactional",
    "getting_started": "nudge",
    "weekly_digest": "digest",
    "activity_alert": "transactional",
    "invite": "transactional",
    "magic_link_reminder": "nudge",
}
_DEAD_ADDRESS = {"bounce_class": "hard", "smtp_status": "5.1.1", "reason": "unknown_user"}


def mail(world: str, truth: GroundTruth, chapter: Chapter) -> list[Happening]:
    """One e-mail from sending to whatever comes of it."""
    script = Script(world, chapter)
    _send(script, truth, mail_key=chapter.key, template=chapter.topic)
    return script.happenings


def invitation(world: str, truth: GroundTruth, people: People, chapter: Chapter) -> list[Happening]:
    """An invitation, its e-mail, a reminder when it lies idle, perhaps a new colleague."""
    script = Script(world, chapter)
    invite_id = "inv_" + identifier(world, "invite", chapter.key)[:12]
    script.noted("invite_created", {"invite_id": invite_id, "channel": "email"})
    invitee = people.invited(chapter.key, chapter.at_ms)
    is_opened = script.chance(truth.invite_opened)
    wait_s = seconds_until_opened(script.random, chapter.limit_s - IDLE_INVITE_S)
    script.person = invitee
    _send(script, truth, mail_key=f"{chapter.key}/mail", template="invite")
    if not is_opened or wait_s > IDLE_INVITE_S:
        script.go_to(chapter.at_ms + IDLE_INVITE_S * 1000)
        _send(script, truth, mail_key=f"{chapter.key}/reminder", template="magic_link_reminder")
    if is_opened:
        script.go_to(chapter.at_ms + int(wait_s * 1000))
        _open_invite(script, truth, invite_id, chapter.at_ms)
    return script.happenings


def _open_invite(script: Script, truth: GroundTruth, invite_id: str, created_ms: int) -> None:
    script.seen("invite_opened", {"invite_id": invite_id})
    if script.chance(truth.invite_accepted_of_opened):
        script.wait(10, 300)
        minutes = round((script.at_ms - created_ms) / 60_000, 1)
        script.noted("invite_accepted", {"invite_id": invite_id, "minutes_since_created": minutes})


def _send(script: Script, truth: GroundTruth, *, mail_key: str, template: str) -> None:
    """Tell one e-mail's story; the script's clock stands where it stood before."""
    fate = fate_of(script.world, truth, mail_key)
    send_id = "snd_" + identifier(script.world, "mail", mail_key)[:16]
    mail_facts: dict[str, object] = {
        "send_id": send_id,
        "template_id": template,
        "category": _CATEGORIES[template],
        "provider": "simulated",
    }
    addressed = {**mail_facts, "recipient_domain": script.person.mail_domain}
    sent_ms = script.at_ms
    script.noted("email_sent", addressed)
    script.wait(1, 8)
    if fate.bounces:
        script.noted("email_bounced", {**addressed, **_DEAD_ADDRESS})
    else:
        script.noted("email_delivered", addressed)
        wait_s = seconds_until_opened(script.random, script.limit_s)
        script.go_to(max(script.at_ms, sent_ms + int(wait_s * 1000)))
        _react(script, fate, mail_facts)
    script.go_to(sent_ms)


def _react(script: Script, fate: Fate, mail_facts: dict[str, object]) -> None:
    """What the recipient does with a delivered e-mail."""
    if fate.is_opened:
        script.noted("email_opened", {**mail_facts, "is_machine": False})
    if fate.is_clicked:
        script.wait(3, 120)
        script.noted("email_clicked", {**mail_facts, "link_id": "cta", "is_suspected_bot": False})
    if fate.converts:
        script.wait(30, 600)
        converted = {name: mail_facts[name] for name in ("send_id", "template_id", "category")}
        script.noted("email_converted", {**converted, "conversion": "step_completed"})
    if fate.is_complained_about:
        script.noted("email_complained", {**mail_facts, "feedback_type": "abuse"})
    if fate.unsubscribes:
        script.noted("email_unsubscribed", {**mail_facts, "scope": "all", "method": "one_click"})
