use super::*;

#[test]
fn a_response_has_them_in_its_result() {
    let subactions = vec![Digest::of(b"a"), Digest::of(b"b")];
    let result = ActionResult { exit_code: 3, subactions: subactions.clone(), ..ActionResult::default() };
    let response = reapi::ExecuteResponse {
        result: Some(crate::wire::action_result_to_proto(&result)),
        message: "m".to_owned(),
        ..Default::default()
    };
    let mut bytes = response.encode_to_vec();
    add_subactions(&mut bytes, &result);
    assert_eq!(reapi::ExecuteResponse::decode(&*bytes), Ok(response));
    let found = Response::decode(&*bytes).expect("it decodes").result.expect("it has a result");
    assert_eq!(digests(found.subactions), Ok(subactions));
}
