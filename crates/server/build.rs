//! Writes the notice about third parties that `yunshi notices` prints. It never fails a build: what cannot be read is
//! told by its name alone, and a warning says why.

use notices::{Part, Section};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const PREAMBLE: &str = "\
Yunshi is licensed under Apache-2.0; see the file LICENSE. Its binary holds the following works of others, each under its
own licence. A number in brackets is that of a text at the end; where there is none, the work came without a text.";

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(said.lines().find(|line| line.starts_with("error")).unwrap_or("no reason given").to_owned())
}

/// What Cargo resolves for this package on its own, for the target of this build. That is a little more than what is
/// compiled, since a dependency counts that only a feature of another would want; the first build of a fresh clone has
/// not downloaded it, so that the network is tried where its absence was not enough.
fn metadata(root: &Path, out: &Path) -> Result<Value, String> {
    let read = |path: PathBuf| fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()));
    let folder = out.join("linked");
    let manifest = notices::manifest(root, &read(root.join("Cargo.toml"))?, &read(root.join("crates/server/Cargo.toml"))?);
    let lock = read(root.join("Cargo.lock"))?;
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    for (name, text) in [("Cargo.toml", manifest.as_str()), ("Cargo.lock", lock.as_str()), ("lib.rs", "")] {
        fs::write(folder.join(name), text).map_err(|e| e.to_string())?;
    }
    let ask = |offline: &[&str]| {
        let mut command = Command::new(variable("CARGO"));
        command.args(["metadata", "--format-version", "1", "--filter-platform", &variable("TARGET"), "--manifest-path"]);
        output(command.arg(folder.join("Cargo.toml")).args(offline).current_dir(root))
    };
    let text = ask(&["--offline"]).or_else(|_| ask(&[]))?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}

/// Crates, and what they bring along.
fn crates(root: &Path, out: &Path) -> (Vec<Part>, Vec<Part>) {
    let found = match metadata(root, out) {
        Ok(metadata) => notices::linked(&metadata),
        Err(reason) => {
            println!("cargo:warning=the notice about third parties tells crates by name alone: {reason}");
            let lock = fs::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
            notices::locked(&lock).into_iter().map(|part| (part, String::new())).collect()
        }
    };
    let mut bundled: Vec<Part> = found.iter().filter_map(|(part, folder)| notices::bundled(part, Path::new(folder))).collect();
    bundled.sort_by(|a, b| a.name.cmp(&b.name));
    (found.into_iter().map(|(part, _)| part).collect(), bundled)
}

fn main() {
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap_or(root);
    let out = PathBuf::from(variable("OUT_DIR"));
    let (crates, mut bundled) = crates(&root, &out);

    let rustc = variable("RUSTC");
    let version = output(Command::new(&rustc).args(["--version", "--verbose"])).unwrap_or_default();
    let sysroot = output(Command::new(&rustc).args(["--print", "sysroot"])).unwrap_or_default();
    bundled.push(notices::standard_library(&version, Path::new(sysroot.trim())));

    let web = root.join("web");
    let lock = fs::read(web.join("package-lock.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let packages = notices::packages(&lock.unwrap_or_default(), &web);

    let sections = [
        Section { heading: "Crates", parts: crates },
        Section { heading: "Sources that crates bring along, and the standard library", parts: bundled },
        Section { heading: "Packages of the consoles", parts: packages },
    ];
    if let Err(e) = fs::write(out.join("notices.txt"), notices::document(PREAMBLE, &sections)) {
        println!("cargo:warning=the notice about third parties could not be written: {e}");
    }
    watch(&root);
}

/// What the notice is made of. Packages that are not installed yet appear in the folder, which is small without them.
fn watch(root: &Path) {
    let installed = root.join("web/node_modules/.package-lock.json");
    let web = if installed.exists() { installed } else { root.join("web") };
    for path in ["Cargo.lock", "Cargo.toml", "crates/server/Cargo.toml", "crates/server/build.rs", "web/package-lock.json"] {
        println!("cargo:rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo:rerun-if-changed={}", web.display());
}
