use super::*;
use crate::samples::{Sample, small};

fn jobs(times: &SessionTimes) -> Vec<(usize, u64)> {
    critical_path(times).iter().map(|step| (step.job, step.waited_us)).collect()
}

#[test]
fn it_goes_back_from_the_last_job_by_what_ended_last_before_it() {
    let times = small().read().expect("it is good");
    assert_eq!(jobs(&times), [(0, 10_000), (2, 50_000)]);
    let path = requests_on_path(&times, 1, 450_000, 1_200_000);
    let asked: Vec<(u64, u64)> = path.iter().map(|request| (request.asked_us, request.answered_us)).collect();
    assert_eq!(asked, [(600_000, 601_000), (700_000, 950_000), (950_000, 1_100_000)]);
}

#[test]
fn a_superseded_job_is_replaced_by_those_in_its_place() {
    let mut sample = Sample::new(Default::default());
    sample.element("a").job(0, "pull", &[]).job(0, "build", &[0]).job(0, "fetch", &[]);
    sample.ran(0, 0, 10, "superseded").ran(2, 20, 30, "done").ran(1, 40, 50, "done");
    let superseded = spec_recording::message::JobSuperseded { job: 0, by: Some(2) };
    sample.at(10, spec_recording::message::Event::JobSuperseded(superseded));
    assert_eq!(jobs(&sample.read().expect("it is good")), [(2, 20), (1, 10)]);
}

#[test]
fn jobs_that_supersede_each_other_end() {
    let mut sample = Sample::new(Default::default());
    sample.element("a").job(0, "pull", &[]).job(0, "pull", &[]).job(0, "build", &[0, 1]).ran(2, 5, 6, "done");
    for (job, by) in [(0, 1), (1, 0)] {
        let superseded = spec_recording::message::JobSuperseded { job, by: Some(by) };
        sample.at(0, spec_recording::message::Event::JobSuperseded(superseded));
    }
    assert_eq!(jobs(&sample.read().expect("it is good")), [(2, 5)]);
}
