//! The consoles are embedded: a new build of them is a reason to build this crate again.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
