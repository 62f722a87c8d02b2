//! Prints the BLAKE3 digest of each text on its command line.

fn main() {
    for text in std::env::args().skip(1) {
        println!("{}", blake3::hash(text.as_bytes()));
    }
}
