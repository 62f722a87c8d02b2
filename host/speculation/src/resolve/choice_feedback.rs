//! Tells an overlay policy what came of its choices.

use spec_strategy::ChoiceObservation;

use super::ids::ActionId;
use super::resolver::Resolver;
use super::session_input::InputValue;
use crate::record::{Content, InputId};

impl Resolver {
    /// The build requested what was predicted for an action: its inputs have the predicted contents.
    pub(crate) fn note_confirmed(&mut self, id: ActionId) {
        if !self.policy.wants().observe {
            return;
        }
        let inputs: Vec<usize> = self.inputs_of(id).collect();
        for number in inputs {
            if let InputValue::Known(content) = &self.inputs[number].value {
                let content = content.clone();
                self.note_choice(number, &content);
            }
        }
    }

    /// The build requested another action in the place of a recorded one, with these contents of inputs.
    pub(super) fn note_observed(&mut self, first_input: usize, observed: &[(InputId, Content)]) {
        if !self.policy.wants().observe {
            return;
        }
        for (input, content) in observed {
            self.note_choice(first_input + input.0 as usize, content);
        }
    }

    /// Tells the overlay policy what it has not been told yet.
    pub(crate) fn report_choices(&mut self) {
        if !self.choices.is_empty() {
            let choices = std::mem::take(&mut self.choices);
            self.policy.observe(&choices, &*self);
        }
    }

    /// Notes once for each input on which the policy decided which of its alternatives had the requested contents.
    fn note_choice(&mut self, number: usize, requested: &Content) {
        let input = &mut self.inputs[number];
        if !std::mem::replace(&mut input.awaits_feedback, false) {
            return;
        }
        let input = &self.inputs[number];
        let is_right =
            |index: &u8| input.content_from(usize::from(*index), &self.origins).as_ref() == Some(requested);
        let right = (0..=u8::MAX).take(input.alternatives.len()).filter(is_right).collect();
        self.choices.push(ChoiceObservation { input: number as u32, taken: input.taken, right });
    }
}

#[cfg(test)]
mod tests;
