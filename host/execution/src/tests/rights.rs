//! What sessions may have: looked at before an action is queued, joined, or answered from the cache.

use std::sync::Arc;

use spec_model::{AnswerSource, Cancel, Digest};

use super::fixture::{Draft, Fixture};
use super::pool::{ask, gate, how};

use crate::local::LocalOptions;
use crate::outcome::{ActionError, MissingRight};
use crate::pool::{Executions, PoolOptions};
use crate::request::ActionRequest;
use crate::rights::Rights;

const ONE: PoolOptions = PoolOptions { workers: 1, max_queued: 10 };

fn with(rights: &Rights, action: Digest) -> ActionRequest {
    ActionRequest::new(action, Arc::new(rights.clone()))
}

/// The properties that are beyond the rights.
fn refused(pool: &Executions, request: &ActionRequest) -> Vec<MissingRight> {
    match pool.submit(request, |_| ()).map(drop) {
        Err(ActionError::MissingRights { missing }) => missing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_may_not_have_an_action_neither_joins_it_nor_gets_its_result() {
    let fixture = &Fixture::new();
    let (online, offline) = (Rights::of_sandbox(true, 0, 0), Rights::of_sandbox(false, 0, 0));
    let draft = fixture.script(":", &[]).property("network", "on");
    let of_action = fixture.store(&draft);
    // As clients of REAPI before 2.2 ask.
    let of_command = fixture.store_with_old_platform(&draft);
    for action in [of_action, of_command] {
        let (gate, begun, exit) = gate();
        let pool = Executions::start(fixture.cas.clone(), fixture.cache.clone(), gate, ONE).expect("threads");
        let expected = [MissingRight { name: "network", asked: "on".to_owned(), has: "off".to_owned() }];
        assert_eq!(refused(&pool, &with(&offline, action)), expected, "before anybody may");
        let running = ask(&pool, &with(&online, action));
        begun.recv().expect("it begins");
        assert_eq!(refused(&pool, &with(&offline, action)), expected, "while it runs");
        exit.send(0).expect("somebody waits");
        assert_eq!(how(&running.1), AnswerSource::Executed);
        assert_eq!(how(&ask(&pool, &with(&online, action)).1), AnswerSource::CacheHit);
        for skip_cache_lookup in [false, true] {
            let request = ActionRequest { skip_cache_lookup, ..with(&offline, action) };
            assert_eq!(refused(&pool, &request), expected, "when there is a result");
        }
        let primed = ActionRequest { primed: true, ..with(&offline, action) };
        assert_eq!(refused(&pool, &primed), expected, "nor ahead of who may");
    }
}

#[test]
fn results_of_actions_that_are_gone_are_for_servers_only() {
    let fixture = &Fixture::new();
    let pool = fixture.pool(1, 1);
    let (servers, sandbox) = (Rights::of_clients(), Rights::of_sandbox(false, 0, 0));
    let action = Digest::of(b"an action that is not here");
    let granted = fixture.cache.grant(&action, &servers).expect("nothing is known of it");
    fixture.cache.put(&granted, &Default::default()).expect("there is room");
    assert_eq!(how(&ask(&pool, &with(&servers, action)).1), AnswerSource::CacheHit);
    let missing = pool.submit(&with(&sandbox, action), |_| ()).map(drop);
    assert_eq!(missing, Err(ActionError::Missing { digests: vec![action] }));
}

#[test]
fn actions_that_name_no_numbers_run_under_those_of_their_session() {
    let fixture = &Fixture::new();
    let pool = fixture.pool_with(LocalOptions::default(), ONE);
    let uid = "while read name value; do [ $name = Uid: ] && echo $value; done < /proc/self/status; :";
    let draft = fixture.script(uid, &[]);
    let run = |rights: &Rights, draft: &Draft| {
        let done = pool.execute(&with(rights, fixture.store(draft)), &Cancel::new());
        done.map(|done| {
            (done.answered, done.result.stdout.raw.split(u8::is_ascii_whitespace).next().map(<[u8]>::to_vec))
        })
    };
    let (nobody, root) = (Rights::of_sandbox(false, 65534, 65534), Rights::of_sandbox(false, 0, 0));
    for answered in [AnswerSource::Executed, AnswerSource::CacheHit] {
        assert_eq!(run(&nobody, &draft), Ok((answered, Some(b"65534".to_vec()))));
        assert_eq!(run(&root, &draft), Ok((answered, Some(b"0".to_vec()))), "results are kept apart");
    }
    let root_asked = draft.property("unixUID", "0");
    assert!(matches!(run(&nobody, &root_asked), Err(ActionError::MissingRights { .. })));
    assert_eq!(run(&root, &root_asked).map(|(answered, _)| answered), Ok(AnswerSource::Executed));
}
