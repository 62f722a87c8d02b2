//! The built-in policies pass, and each kind of fault is found.

use spec_strategy::{
    BuiltInOverlayPolicy, BuiltInPrimingPolicy, Choice, Decision, OverlayFacts, OverlayWants, PolicyError,
    PrimingFacts, PrimingWants, Proposal, ReasonCode, Revision, SkipReason,
};

use super::*;

struct Faulty(&'static str);

impl Faulty {
    fn error(&self, activity: &'static str) -> Result<(), PolicyError> {
        let message = "it traps".to_owned();
        match self.0 == activity {
            true => Err(PolicyError {
                reason: "plugin-trap",
                policy: "p".to_owned(),
                activity,
                message,
                hint: "",
            }),
            false => Ok(()),
        }
    }

    fn memory(&self) -> Result<Vec<u8>, PolicyError> {
        self.error("remember").map(|()| vec![0; if self.0 == "remember much" { 1 << 20 } else { 0 }])
    }
}

impl OverlayPolicy for Faulty {
    fn select(&mut self, inputs: &[InputOrigins], _: &dyn OverlayFacts) -> Result<Vec<Vec<u8>>, PolicyError> {
        self.error("select")?;
        let beyond = if self.0 == "select beyond" { vec![9] } else { Vec::new() };
        Ok(inputs.iter().map(|_| beyond.clone()).collect())
    }

    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        _: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError> {
        self.error("choose")?;
        Ok(inputs
            .iter()
            .map(|_| if self.0 == "choose wait" { Choice::Wait } else { Choice::GiveUp })
            .collect())
    }

    fn wants(&self) -> OverlayWants {
        OverlayWants { propose: true, observe: true, ..OverlayWants::default() }
    }

    fn propose(&mut self, _: &[ChangedFile], _: &dyn OverlayFacts) -> Result<Vec<Proposal>, PolicyError> {
        self.error("propose").map(|()| Vec::new())
    }

    fn observe(&mut self, _: &[ChoiceObservation], _: &dyn OverlayFacts) -> Result<(), PolicyError> {
        self.error("observe")
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        self.memory()
    }
}

impl PrimingPolicy for Faulty {
    fn wants(&self) -> PrimingWants {
        PrimingWants { revise: true, observe_all: true, ..PrimingWants::default() }
    }

    fn decide(
        &mut self,
        candidates: &[Candidate],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        self.error("decide")?;
        let count = if self.0 == "decide less" { 0 } else { candidates.len() };
        Ok(vec![Decision::Skip(SkipReason::Other(ReasonCode::OTHER)); count])
    }

    fn revise(
        &mut self,
        submitted: &[SubmittedAction],
        _: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Revision>, PolicyError> {
        self.error("revise")?;
        let priority = if self.0 == "revise beyond" { 1001 } else { 1000 };
        Ok(vec![Revision::Reprioritise { priority }; submitted.len()])
    }

    fn observe(&mut self, _: &[Observation], _: &dyn PrimingFacts) -> Result<(), PolicyError> {
        self.error("observe")
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        self.memory()
    }
}

#[test]
fn good_policies_pass() {
    check_overlay_policy(Box::new(BuiltInOverlayPolicy)).expect("it is good");
    check_priming_policy(Box::new(BuiltInPrimingPolicy)).expect("it is good");
    check_overlay_policy(Box::new(Faulty("nothing"))).expect("giving up is allowed");
    check_priming_policy(Box::new(Faulty("nothing"))).expect("skipping is allowed");
}

#[test]
fn every_fault_is_found() {
    for fault in [
        "select",
        "select beyond",
        "choose",
        "choose wait",
        "propose",
        "observe",
        "remember",
        "remember much",
    ] {
        let error = check_overlay_policy(Box::new(Faulty(fault))).expect_err(fault);
        let reason = if fault.contains(' ') { "plugin-invalid-answer" } else { "plugin-trap" };
        assert_eq!(error.reason(), reason, "{fault}: {error}");
    }
    for fault in ["decide", "decide less", "revise", "revise beyond", "observe", "remember", "remember much"]
    {
        let error = check_priming_policy(Box::new(Faulty(fault))).expect_err(fault);
        let reason = if fault.contains(' ') { "plugin-invalid-answer" } else { "plugin-trap" };
        assert_eq!(error.reason(), reason, "{fault}: {error}");
    }
}
