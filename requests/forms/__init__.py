"""The shape of what people fill in: one form per step, by who fills it in."""

from requests.forms import dispatches, staff, submitter
from requests.forms.base import DispatchStepForm, StepForm, words
from requests.forms.submitter import STARS

#: The steps that a form can take. "whistle" is taken upstairs, "submit" by `requests.asking`.
FORMS: dict[str, type[StepForm]] = {
    "add": submitter.AddForm,
    "answer": submitter.AnswerForm,
    "rate": submitter.RateForm,
    "call_back": submitter.CallBackForm,
    "reopen": submitter.ReopenForm,
    "object": submitter.ObjectForm,
    "urge": submitter.UrgeForm,
    "withdraw": submitter.WithdrawForm,
    "accept": staff.AcceptForm,
    "contact": staff.ContactForm,
    "decline": staff.DeclineForm,
    "ask": staff.AskForm,
    "handle": staff.HandleForm,
    "take_over": staff.PlainForm,
    "dispatch": staff.DispatchForm,
    "merge": staff.MergeForm,
    "unmerge": staff.PlainForm,
    "split": staff.SplitForm,
    "complete": staff.ResolveForm,
    "escalate": staff.EscalateForm,
    "hand_down": staff.HandDownForm,
    "propose_hand_down": staff.ProposeHandDownForm,
    "extend": staff.ExtendForm,
    "explain": staff.ExplainForm,
    "consent_extension": staff.PlainForm,
    "consent_hand_down": staff.PlainForm,
    "consent_explained": staff.PlainForm,
    "deny": staff.DenyForm,
    "resolve": staff.ResolveForm,
    "supervise": staff.SuperviseForm,
    "note": staff.NoteForm,
}

#: The steps of a dispatch that a form can take.
DISPATCH_FORMS: dict[str, type[DispatchStepForm]] = {
    "sign": dispatches.PlainDispatchForm,
    "give_back": dispatches.GiveBackForm,
    "contact": dispatches.ContactDispatchForm,
    "arrive": dispatches.PlainDispatchForm,
    "answer": dispatches.AnswerDispatchForm,
    "confirm": dispatches.ConfirmForm,
    "reject": dispatches.RejectForm,
    "recall": dispatches.RecallForm,
}

__all__ = ["DISPATCH_FORMS", "FORMS", "STARS", "DispatchStepForm", "StepForm", "words"]
