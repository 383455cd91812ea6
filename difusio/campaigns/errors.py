"""What can be wrong with a campaign, each in a sentence that says what to do."""

from difusio.common.sentences import SentenceError


class CampaignError(SentenceError):
    """The campaign cannot do this."""

    def __init__(self, detail: str = "") -> None:
        sentence = type(self).__doc__ or ""
        super().__init__(f"{sentence} ({detail})" if detail else sentence)


class NoSuchCampaign(CampaignError):
    """There is no such campaign: look at the list of campaigns for its number."""


class NotADraft(CampaignError):
    """This campaign was launched or cancelled already: make a new one."""


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


class NothingToCancel(CampaignError):
    """This campaign is completed: everything has been sent, and nothing is left to cancel."""
