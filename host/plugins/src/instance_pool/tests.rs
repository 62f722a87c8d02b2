use super::*;

const NOW: Duration = Duration::ZERO;

#[test]
fn a_kept_instance_serves_its_kind_again() {
    let pool = InstancePool::new(2);
    pool.lease(1, NOW).expect("the pool is empty").keep("one");
    assert_eq!(pool.lease(2, NOW).expect("there is room").take(), None);
    assert_eq!(pool.lease(1, NOW).expect("it is idle").take(), Some("one"));
}

#[test]
fn a_full_pool_refuses_and_a_dropped_lease_makes_room() {
    let pool: InstancePool<&str> = InstancePool::new(1);
    let lease = pool.lease(1, NOW).expect("the pool is empty");
    assert!(pool.lease(1, NOW).is_none());
    drop(lease);
    assert!(pool.lease(1, NOW).is_some());
}

#[test]
fn an_idle_instance_of_another_kind_makes_room() {
    let pool = InstancePool::new(1);
    pool.lease(1, NOW).expect("the pool is empty").keep("one");
    let mut other = pool.lease(2, NOW).expect("the idle one can go");
    assert_eq!(other.take(), None);
    other.keep("two");
    assert_eq!(pool.lease(1, NOW).expect("again").take(), None);
}

#[test]
fn a_waiting_thread_gets_what_is_kept() {
    let pool = InstancePool::new(1);
    let lease = pool.lease(1, NOW).expect("the pool is empty");
    std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| pool.lease(1, Duration::from_secs(60)).and_then(|mut lease| lease.take()));
        lease.keep("one");
        assert_eq!(waiting.join().expect("the thread does not panic"), Some("one"));
    });
}
