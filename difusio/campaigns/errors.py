"""What can be wrong with a campaign, each in a sentence that says what to do."""

from django.utils.translation import gettext

from difusio.common.sentences import SentenceError


class CampaignError(SentenceError):
    """The campaign cannot do this."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        """Give the sentence in the language of whoever is served."""
        sentence = gettext(type(self).__doc__ or "")
        return f"{sentence} ({self.detail})" if self.detail else sentence


class NoSuchCampaign(CampaignError):
    """There is no such campaign: look at the list of campaigns for its number."""


class NotADraft(CampaignError):
    """This campaign was launched or cancelled already: make a new one."""


class IsScheduled(CampaignError):
    """This campaign is scheduled: take it back to the drafts before you change it."""


class NotScheduled(CampaignError):
    """This campaign is not scheduled: nothing is to be taken back."""


class NothingToSay(CampaignError):
    """This campaign has no message yet: choose a template."""


class InThePast(CampaignError):
    """This moment is over: choose a later one."""


class TooLate(CampaignError):
    """Its moment passed while nothing was running here: see whether it still fits, and choose another one."""


class LaunchBroke(CampaignError):
    """The launch broke off for a reason nobody expected, and nothing left: try again, and report it if it repeats."""


class MorePeople(CampaignError):
    """More people would get it by now than you were shown: look at the numbers again."""


class AlertWithoutService(CampaignError):
    """A service alert needs a service topic, which people keep when they leave marketing: choose one."""


class MarketingWithoutTopic(CampaignError):
    """Launches and offers need a marketing topic, so that people can leave them: choose one."""


class WasLaunched(CampaignError):
    """What was launched stays for the record: only what never left can be deleted."""


class NobodyConsents(CampaignError):
    """Nobody of this segment may be written to about this topic: see the skips by reason in the pre-flight."""


class Blocked(CampaignError):
    """The pre-flight found something that forbids sending: mend it first."""


class NumberStopped(CampaignError):
    """This number is stopped: see its reason in `difusio doctor`, mend it, and let it go on."""


class NotRunning(CampaignError):
    """Only a campaign that is sending can be paused."""


class NotPaused(CampaignError):
    """Only a paused campaign can be resumed."""


class NotHeld(CampaignError):
    """Nothing of this campaign is held: there is no rest to let go."""


class NothingToCancel(CampaignError):
    """This campaign is completed: everything has been sent, and nothing is left to cancel."""
