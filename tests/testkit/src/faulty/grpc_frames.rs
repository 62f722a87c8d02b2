//! gRPC messages in the bytes of a body: each has a flag and its length before it.

const HEAD: usize = 5;

/// The same messages, each replaced. What is no message stays.
pub(super) fn map(mut data: &[u8], mut edit: impl FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut edited = Vec::with_capacity(data.len());
    while let Some((message, rest)) = split(data) {
        let message = edit(message);
        let length = u32::try_from(message.len()).expect("messages are small");
        edited.push(0);
        edited.extend(length.to_be_bytes());
        edited.extend(message);
        data = rest;
    }
    edited.extend(data);
    edited
}

fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = data.split_at_checked(HEAD)?;
    let [0, length @ ..] = head else { return None };
    let length = u32::from_be_bytes(length.try_into().ok()?);
    rest.split_at_checked(length as usize)
}

#[cfg(test)]
mod tests;
