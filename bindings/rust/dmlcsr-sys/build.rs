// Where the library is: in DMLCSR_LIB_DIR when that is set (a build tree, a bundle), else where pkg-config says.
// DMLCSR_STATIC=1 takes libdmlcsr.a into the program.
use std::env;
use std::process::Command;

fn main() {
    for name in ["DMLCSR_LIB_DIR", "DMLCSR_STATIC", "PKG_CONFIG", "PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    // What else the library needs, libm and threads, is what every Rust program has.
    let kind = if env::var("DMLCSR_STATIC").map_or(false, |value| value != "0") { "static=" } else { "" };
    if let Ok(folder) = env::var("DMLCSR_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-lib={kind}dmlcsr");
        return;
    }
    let tool = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let output = match Command::new(&tool).args(["--libs", "dmlcsr"]).output() {
        Ok(output) => output,
        Err(error) => panic!("{tool} cannot be started ({error}), and DMLCSR_LIB_DIR is not set"),
    };
    if !output.status.success() {
        panic!("{tool} does not know dmlcsr: {}", String::from_utf8_lossy(&output.stderr));
    }
    for flag in String::from_utf8_lossy(&output.stdout).split_whitespace() {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        } else if let Some(name) = flag.strip_prefix("-l") {
            println!("cargo:rustc-link-lib={}{name}", if name == "dmlcsr" { kind } else { "" });
        }
    }
}
