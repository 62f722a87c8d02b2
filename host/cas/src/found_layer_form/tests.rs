use super::*;

fn form_in(folder: &Path, conditions: &str, found: Option<FoundLayerForm>) -> LayerForm {
    // Another process has its own handle.
    let cas = Cas::open(folder).expect("a store");
    cas.layer_form_under(conditions, || found.expect("the kept answer is used"))
}

const BEST: Option<FoundLayerForm> = Some(FoundLayerForm { form: LayerForm::Metacopy, is_best: true });

#[test]
fn the_best_form_is_found_once_under_the_same_conditions() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(form_in(folder.path(), "boot 1", BEST), LayerForm::Metacopy);
    assert_eq!(form_in(folder.path(), "boot 1", None), LayerForm::Metacopy);
    let other = FoundLayerForm { form: LayerForm::Image, is_best: true };
    for conditions in ["boot 2", "boot 22", "boot"] {
        assert_eq!(form_in(folder.path(), conditions, Some(other)), LayerForm::Image, "{conditions}");
        assert_eq!(form_in(folder.path(), conditions, None), LayerForm::Image, "{conditions}");
    }
}

#[test]
fn what_may_become_better_is_looked_for_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let poor = FoundLayerForm { form: LayerForm::Copied, is_best: false };
    assert_eq!(form_in(folder.path(), "boot", Some(poor)), LayerForm::Copied);
    assert_eq!(form_in(folder.path(), "boot", BEST), LayerForm::Metacopy);
}

#[test]
fn without_conditions_or_with_a_damaged_file_it_is_found_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(form_in(folder.path(), "", BEST), LayerForm::Metacopy);
    let kept = folder.path().join(layout::LAYER_FORM);
    assert!(!kept.exists());
    for text in ["", "boot\n", "boot\nimage", "boot\nimages\n", "bootimage\n", "boot\ncopied\n"] {
        fs::write(&kept, text).expect("the folder is ours");
        assert_eq!(form_in(folder.path(), "boot", BEST), LayerForm::Metacopy, "{text:?}");
        fs::remove_file(&kept).expect("it was kept");
    }
}

#[test]
fn the_conditions_of_a_process_are_one_line_and_stay() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let found = conditions(folder.path());
    assert!(
        found.starts_with(&boot_id()) && found.contains("user:[") && found.contains("CapEff:"),
        "{found}"
    );
    assert!(!found.contains('\n'));
    assert_eq!(conditions(folder.path()), found);
}
