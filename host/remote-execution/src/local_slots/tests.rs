use std::sync::mpsc;

use super::*;

#[test]
fn requested_actions_get_a_slot_before_primed_ones_that_waited_longer() {
    let (slots, wanted) = (LocalSlots::new(1), Cancel::new());
    std::thread::scope(|scope| {
        let first = slots.take(|| false, &wanted).expect("it is free");
        let (order, taken) = mpsc::channel();
        let take = |primed| {
            let (order, slots, wanted) = (order.clone(), &slots, &wanted);
            scope.spawn(move || {
                let slot = slots.take(|| primed, wanted).expect("it becomes free");
                order.send(primed).expect("the test waits");
                drop(slot);
            });
        };
        take(true);
        std::thread::sleep(Duration::from_millis(20));
        take(false);
        while slots.lock().requested == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(first);
        assert_eq!((taken.recv(), taken.recv()), (Ok(false), Ok(true)));
    });
}

#[test]
fn one_who_is_not_wanted_any_more_does_not_wait() {
    let (slots, wanted, given_up) = (LocalSlots::new(1), Cancel::new(), Cancel::new());
    let _taken = slots.take(|| true, &wanted).expect("it is free");
    given_up.cancel();
    assert!(slots.take(|| false, &given_up).is_none());
    assert_eq!(slots.lock().requested, 0);
}
