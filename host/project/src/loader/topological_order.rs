//! Sorts the graph of elements topologically and finds circles.

use crate::LoadError;
use crate::loaded_element::LoadedElement;

#[derive(Clone, Copy, PartialEq, Eq)]
enum VisitState {
    New,
    Open,
    Done,
}

/// The elements that the targets need, each after all it depends on.
///
/// # Errors
/// [`LoadError::CircularDependency`] with the whole circle.
pub(super) fn topological_order(
    elements: &[LoadedElement],
    targets: &[usize],
) -> Result<Vec<usize>, LoadError> {
    let mut states = vec![VisitState::New; elements.len()];
    let mut order = Vec::with_capacity(elements.len());
    for target in targets {
        visit(elements, *target, &mut states, &mut order)?;
    }
    Ok(order)
}

fn visit(
    elements: &[LoadedElement],
    target: usize,
    states: &mut [VisitState],
    order: &mut Vec<usize>,
) -> Result<(), LoadError> {
    if states[target] == VisitState::Done {
        return Ok(());
    }
    let mut path = vec![(target, 0)];
    states[target] = VisitState::Open;
    while let Some((element, next)) = path.last_mut() {
        let Some(dependency) = elements[*element].dependencies.get(*next) else {
            states[*element] = VisitState::Done;
            order.push(*element);
            path.pop();
            continue;
        };
        *next += 1;
        match states[dependency.element] {
            VisitState::New => {
                states[dependency.element] = VisitState::Open;
                path.push((dependency.element, 0));
            }
            VisitState::Open => {
                let begin = path.iter().position(|(element, _)| *element == dependency.element).unwrap_or(0);
                let circle = path[begin..].iter().map(|(element, _)| *element).chain([dependency.element]);
                let chain = circle.map(|element| elements[element].name.to_string()).collect();
                return Err(LoadError::CircularDependency {
                    chain,
                    position: dependency.declared.position.clone(),
                });
            }
            VisitState::Done => {}
        }
    }
    Ok(())
}
