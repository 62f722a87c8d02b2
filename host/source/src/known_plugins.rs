//! The texts of Python plugins that projects keep in folders of theirs and whose sources have the keys and the files of the
//! kinds here. A plugin of another text may do something else.

use spec_model::KnownTexts;

use crate::anitya::KDE;
use crate::git::WITH_EXPLICIT;

pub(crate) const TEXTS: [KnownTexts; 19] = [
    KnownTexts { kind: "anitya", texts: &KDE },
    // buildstream-plugins-community 2.4.0.
    KnownTexts {
        kind: "anitya",
        texts: &["1c7d26b8c9c0565a6a855607d0833184c57b5c02c6307a92ab6c2f8a52c30ad9"],
    },
    // buildstream-plugins 2.3.0, 2.5.0, 2.7.0.
    KnownTexts {
        kind: "cargo",
        texts: &[
            "db0f6e03e4571334acdf6ef8a5dec6ec67eebcc8c4acff3a861207dbc2ec3c45",
            "1a55f7e568b01ee7a919af56ba7e46347319ce8d3426bb7dfa69f360e455e0cb",
            "6fbf75c98af17972a259befba8b326f289e91001027bedb07bbe03bab9c4c6c8",
        ],
    },
    // buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1, 2.3.2, 2.4.0; that of cosmic-build-meta, other only in crates from git repositories,
    // which are not staged here.
    KnownTexts {
        kind: "cargo2",
        texts: &[
            "d0c81519d94aa9cb6e6c1d877b988f7aff22acec5a043d697d2ef6e37fa59a7b",
            "86181a80ae471992edd538311d7382345add4ac9e9d15275a361b1f09075b172",
            "5ecf5a0d76d5932d70fb90fb1b2ddecc81a77549d4f569e2e4baed546fbe5eb5",
            "da0d8245ddb33f5f8319f9d2abca58c6961bc1bcff12ae6da12ad3c990c0e2cc",
            "ad4abd22231d3ede0678cafd12d099e180f9facf46b39090cabefb5a047bc6de",
            "ab52fceb05176796b1acec850241ac665fc3b3751d50ca33a52ef03ff79d7b13",
        ],
    },
    // buildstream-plugins-community 2.1.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "cpan",
        texts: &[
            "950ea3983894f7025990e796a2f97be560d98f6a180ca868a8e88e2c3bdf9258",
            "bdc919c855d0c904515cfddf13814dc78cf4d7a7ca6680e3745ede80b0e484ca",
            "d1c0cde8958349a01d2e83a5148e030593cf7433f705deaa8348f4180579ebd7",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "deb",
        texts: &[
            "d0b22291297b22dab794441324a8f7ff4ef77d8a7eb014df598ba5a1c78942bb",
            "c9f976337fb30ece3e9fcbd05c238c6bbc0d0b91cabd1e17ca13d736ebf5d099",
        ],
    },
    // buildstream-plugins 2.5.0, 2.7.0, 2.8.0; that of nekko-buildstream, which logs in with ~/.docker/config.json. It and 2.5.0 fail at
    // layers that remove folders, and stage all others as 2.8.0 does.
    KnownTexts {
        kind: "docker",
        texts: &[
            "feac4b31d69503a8f0a22acf333b067c2b7f87e97722cc6a90746dfbacedc4ba",
            "45247822e3cb53fd79c82d1aaad722fa9767eb7a60ee089eb52bcc22eb3a84c8",
            "48e8d0954c56118c7bee3a7c74df078f28c719b21cbcf0e87b22f2d8e4e43b67",
            "5023df124ee7e8f0f6edc662ce9b16fb0e6e6ae7039ffda83e403f81c4c59d63",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.4.0.
    KnownTexts {
        kind: "gen_cargo_lock",
        texts: &[
            "4a55f0debb0417ccca1af3eaa2682a2a09ffd9991e05b02df88bfbcf6d7d4d5b",
            "857e3f9565f41b6cabff89a756df81643d80db51c619943a787afcc38da23199",
        ],
    },
    // buildstream-plugins 2.3.0, 2.5.0.
    KnownTexts {
        kind: "git",
        texts: &[
            "ef6453c839758d15befb0931cedb0b336cd1c7d63baf16e54349e9a90b24ce49",
            "24b5a9f365f54694d43d46b687038acd7ce394bf27f4da22893659e0bd4f335c",
        ],
    },
    // buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1, 2.3.2, 2.3.3, 2.4.0.
    KnownTexts {
        kind: "git_module",
        texts: &[
            "c4bd83e5e3cae30b43055df4eb1d436479ca7f95458742245de81398157d399a",
            "d08b050ec7e354ba2a0347ae4c1421fa00f1c986f42a413a6832d4510550a04b",
            "c643a92eb220ee543bf4e0bd83cc5e964a2b312744908fcebe2f9c8981ed8042",
            "eba27ec1c7354d483c5b849e855140addc79de2f450e1787fe3a620a0a186796",
            "bc6e9d727569bdaa94571c66021cec6f416e4ffd6c1e6884d61e59b6778603f0",
            "6807e1e1286f616f0397ff19df0fc2e857c20fbd94f8cc6f0e7ce957e9d0e06b",
        ],
    },
    // buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1, 2.3.2, 2.3.3, 2.4.0.
    KnownTexts {
        kind: "git_repo",
        texts: &[
            "7b32c6b781e7db45972fd7b36cda80749fc083d516722106a852ce2402a4d1d3",
            "d666a959d3585474264544b17f8907a504ef8c579f5c80a2b1242c8854cb4629",
            "30fcd534559c7eeb83fb78ef46e22d3b987cc92cc5a167611ddbd5608f926c34",
            "5b145ab8d0f37ffeb7f52d026158b4c4d0d377308a40e7691d13fc0e688b760f",
            "ef21ae455bf4d1b3166f953cf785e592fd3aa465a4dcdc80737b121e2f15371a",
            "717fde70ae5d6ed9ee190f2bc8d7703dc85f645fb5e223215f6b9aa45bb5c6e6",
        ],
    },
    // buildstream-plugins-community 2.2.0, 2.3.0, 2.3.1, 2.3.2, 2.3.3, 2.4.0.
    KnownTexts {
        kind: "git_tag",
        texts: &[
            "da77b5417085c92a60388377f6fc24621a74ed962c6b717fb345924a932e8e38",
            "5fd8b52bb953c4c25e93588e18f37dd996bc4fbe2766f37493161c3e59dd42c5",
            "40cf47de0fc000fea77625ea8f89b028d98da16b5318d0d2cb3a96b6ab3708ec",
            "39ab504ed9ac4c02d2d2f67e960df40e34557d4939c415b62b95e0bc60d78882",
            "084b916db96249dc45a04006a54646f30146e2ee352616459eff5168ba35fb0f",
            "e152b4dfb290e7bd735e080f5848be044f18732f31023466f8d155338e59958d",
        ],
    },
    KnownTexts { kind: "go_module", texts: &WITH_EXPLICIT },
    // buildstream-plugins-community 2.4.0.
    KnownTexts {
        kind: "go_module",
        texts: &["f3c8e75088b9aaf0b926cbb8926561440d9dadbf7024a1712caa4a30a843238b"],
    },
    // buildstream-plugins 2.0.0, 2.5.0.
    KnownTexts {
        kind: "patch",
        texts: &[
            "4b295fac467385d07de5e8f99938deea30ac5fb293647330b73edce67471fb0a",
            "4effd827bd33bc74b538cd89f230ba47f3c185baa4dad103793f6d713ed66aa9",
        ],
    },
    // buildstream-plugins-community 2.1.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "patch_queue",
        texts: &[
            "4fec4e8361618414e7c6a5e4e71eaa7ae96b9b35a20dc2be1d282e2c716ff054",
            "dec58bf5f338c853551c105cd945a1e60ad84e30f4a63bdabde165d598bb4f1b",
            "f8bbfe483f915292b76e07ec7aee5771d3a3617a6175a2146ecbbfa5abbd83f1",
        ],
    },
    // buildstream-plugins 2.0.1, 2.3.0, 2.5.0.
    KnownTexts {
        kind: "pip",
        texts: &[
            "2967b4d9d38746eddeb83c3e002610434fb61e093566f3c5edd9df954e954d53",
            "d892cebd162442d66f22baadbc68acf3bba6f47270f2460a618071ce37b53ed1",
            "e3038ac403bd4959c25cfed7f7be0a4de9fe0d4d06744814807be1bc51f7e654",
        ],
    },
    // buildstream-plugins-community 2.1.0, 2.3.2, 2.4.0.
    KnownTexts {
        kind: "pypi",
        texts: &[
            "5161a8d2ed30259fb96b33e8c44f8beb80e6dfc0f13bcc3638c68fac2343b57d",
            "ce4dfef67a1bcc27e289c18c933a32c182d2aadd55ef555c64813441f26982a0",
            "ebf4a7cf92c9de7623ed70f0c91e63c29e1a4707c6496857c425da795b428ef2",
        ],
    },
    // buildstream-plugins-community 2.0.0, 2.1.0, 2.4.0.
    KnownTexts {
        kind: "zip",
        texts: &[
            "bb6781d38d67bfeb00222f3a864b23fe279e2327b756e5cb1f52159a69370449",
            "56b069daf4a15cd07f04db714aae778209bb5eeda56bf0b3621ed7eaee93bf4d",
            "8903ab4da69af21690f26c0c7cdb528e79aa782686e8aeb7e89ff13f6d343658",
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::source_kinds::KINDS;

    #[test]
    fn every_text_is_of_one_kind_that_is_here() {
        let mut seen = HashSet::new();
        for plugin in &TEXTS {
            assert!(KINDS.contains(&plugin.kind), "{}", plugin.kind);
            for text in plugin.texts {
                let is_sha256 = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(is_sha256 && seen.insert(*text), "{}: {text}", plugin.kind);
            }
        }
    }
}
