use super::super::sample::Predicted;
use super::*;

fn sample(millis: u64) -> Sample {
    let (wall, cpu) = (Duration::from_millis(millis), Duration::ZERO);
    Sample { wall, cpu, asked: 0, executed: 0, predicted: Predicted::default() }
}

#[test]
fn rounds_are_compared_one_by_one() {
    let mut comparison = Comparison::new("", &[Arm::Shared, Arm::Ours]);
    for [shared, ours] in [[100, 101], [300, 306], [200, 210]] {
        comparison.add(Arm::Shared, sample(shared));
        comparison.add(Arm::Ours, sample(ours));
    }
    assert_eq!(format!("{:.1}", comparison.percent_slower(Arm::Ours, Arm::Shared)), "2.0");
}
