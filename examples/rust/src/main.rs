// Parses binary PPM pictures and prints the share of each class: parse PHOTO.ppm...
use std::error::Error;
use std::{env, fs, process};

use dmlcsr::{Format, Image, Parser};

struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

fn read_ppm(path: &str) -> Result<Picture, Box<dyn Error>> {
    let data = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let (mut words, mut at) = (Vec::new(), 0);
    while words.len() < 4 && at < data.len() {
        let start = at;
        while at < data.len() && !data[at].is_ascii_whitespace() {
            at += 1;
        }
        words.push(String::from_utf8_lossy(&data[start..at]).into_owned());
        at += 1;
    }
    if words.len() < 4 || words[0] != "P6" || words[3] != "255" {
        return Err(format!("{path} is not a binary PPM picture with 8 bits").into());
    }
    let (width, height): (u32, u32) = (words[1].parse()?, words[2].parse()?);
    if width > 65535 || height > 65535 {
        return Err(format!("{path} is too large").into());
    }
    let size = width as usize * height as usize * 3;
    let pixels = data.get(at..at + size).ok_or_else(|| format!("{path} ends too early"))?.to_vec();
    Ok(Picture { width, height, pixels })
}

fn run() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = env::args().skip(1).collect();
    if paths.is_empty() {
        return Err("usage: parse PHOTO.ppm...".into());
    }
    let mut parser = Parser::new()?;
    let classes = parser.classes();
    for path in &paths {
        let photo = read_ppm(path)?;
        let labels = parser.parse(&Image::new(Format::Rgb8, &photo.pixels, photo.width, photo.height))?;
        println!("{path}");
        for (label, name) in classes.iter().enumerate() {
            let count = labels.iter().filter(|&&l| usize::from(l) == label).count();
            if count > 0 {
                println!("{name:<12} {:6.2} %", 100.0 * count as f64 / labels.len() as f64);
            }
        }
    }
    Ok(())
}

fn main() {
    if let Err(error) = run() {
        eprintln!("parse: {error}");
        process::exit(1);
    }
}
