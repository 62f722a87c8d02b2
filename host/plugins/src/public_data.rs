//! Public data as trees, and in the flat form of the contract.

use spec_strategy::PublicData;

use crate::bindings::v0_2::imports::spec::plugin::dependencies as guest;
use crate::instance_state::PART_SIZE;

/// Levels of public data. Deeper ones could exhaust the stack of recursive functions.
const MAX_DEPTH: usize = 64;

/// Bytes that data in the flat form count for.
pub(crate) fn size(data: &guest::PublicData) -> usize {
    let value = |value: &guest::PublicValue| match value {
        guest::PublicValue::Text(text) => text.len(),
        guest::PublicValue::Sequence(items) => 4 * items.len(),
        guest::PublicValue::Mapping(entries) => entries.iter().map(|(name, _)| PART_SIZE + name.len()).sum(),
    };
    data.values.iter().map(|one| PART_SIZE + value(one)).sum()
}

/// The flat form.
pub(crate) fn flat(data: &PublicData) -> guest::PublicData {
    let mut values = Vec::new();
    add(data, &mut values);
    guest::PublicData { values }
}

/// Appends a value after its children, and returns its index.
fn add(data: &PublicData, values: &mut Vec<guest::PublicValue>) -> u32 {
    let value = match data {
        PublicData::Text(text) => guest::PublicValue::Text(text.clone()),
        PublicData::Sequence(items) => {
            guest::PublicValue::Sequence(items.iter().map(|item| add(item, values)).collect())
        }
        PublicData::Mapping(entries) => guest::PublicValue::Mapping(
            entries.iter().map(|(name, entry)| (name.clone(), add(entry, values))).collect(),
        ),
    };
    values.push(value);
    u32::try_from(values.len() - 1).unwrap_or(u32::MAX)
}

/// The tree of data in the flat form, or what is wrong with it.
pub(crate) fn tree(data: guest::PublicData) -> Result<PublicData, &'static str> {
    let mut done: Vec<Option<(PublicData, usize)>> = Vec::with_capacity(data.values.len());
    for value in data.values {
        let value = take_children(value, &mut done)?;
        if value.1 > MAX_DEPTH {
            return Err("its public data are nested too deeply; the limit is 64 levels");
        }
        done.push(Some(value));
    }
    let root = done.pop().flatten().ok_or("its public data are empty")?;
    if done.iter().any(Option::is_some) {
        return Err("its public data have a value without a parent");
    }
    Ok(root.0)
}

/// A value with its children, which are taken out of `done`, and its depth.
fn take_children(
    value: guest::PublicValue,
    done: &mut [Option<(PublicData, usize)>],
) -> Result<(PublicData, usize), &'static str> {
    let mut depth = 0;
    let mut take = |index: u32| {
        let child = done.get_mut(index as usize).and_then(Option::take);
        let (value, below) =
            child.ok_or("its public data name a value that is not before it or was used already")?;
        depth = depth.max(below + 1);
        Ok(value)
    };
    let data = match value {
        guest::PublicValue::Text(text) => PublicData::Text(text),
        guest::PublicValue::Sequence(items) => {
            PublicData::Sequence(items.into_iter().map(take).collect::<Result<_, &str>>()?)
        }
        guest::PublicValue::Mapping(entries) => {
            let mut names = std::collections::HashSet::new();
            if !entries.iter().all(|(name, _)| names.insert(name.as_str())) {
                return Err("its public data have the same name twice");
            }
            let entry = |(name, index)| Ok((name, take(index)?));
            PublicData::Mapping(entries.into_iter().map(entry).collect::<Result<_, &str>>()?)
        }
    };
    Ok((data, depth))
}

#[cfg(test)]
mod tests;
