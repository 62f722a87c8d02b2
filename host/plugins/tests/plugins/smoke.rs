use spec_strategy::*;
#[test]
fn smoke() {
    let t = std::time::Instant::now();
    let p = crate::support::plugins();
    let k = p.kind(&KindRequest { name: "manual".into(), component: None }).unwrap();
    eprintln!("{:?} {:?}", t.elapsed(), k.description());
    let input = ElementInput {
        name: "a.bst".into(),
        variables: vec![("build-root".into(), "/b".into()), ("install-root".into(), "/i".into())],
        ..Default::default()
    };
    eprintln!("{:#?}", k.configure(&input));
    let t = std::time::Instant::now();
    for _ in 0..1000 {
        k.configure(&input).unwrap();
    }
    eprintln!("{:?}", t.elapsed() / 1000);
}
