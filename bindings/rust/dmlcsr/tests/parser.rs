//! Against the built library; DMLCSR_MODEL names the model file, and DMLCSR_PHOTO, if it is set, the picture of two
//! faces that tests/bindings/photo.c makes.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use dmlcsr::{
    ConvertOptions, Face, FindOptions, Format, Image, Isa, Log, Mask, OnnxOptions, Options, Outputs, Parser, Plane,
    Precision, Region, Scheme, Side, Status, Storage,
};

const WIDTH: u32 = 67;
const HEIGHT: u32 = 53;

fn model() -> String {
    std::env::var("DMLCSR_MODEL").expect("DMLCSR_MODEL names a model file")
}

fn parser() -> Parser {
    Options::new().threads(1).open(model()).unwrap()
}

fn drawing(stride: usize) -> Vec<u8> {
    let mut pixels = vec![7; stride * HEIGHT as usize];
    for (y, row) in pixels.chunks_mut(stride).enumerate() {
        for (x, pixel) in row[..3 * WIDTH as usize].chunks_mut(3).enumerate() {
            let (dx, dy) = (x as i32 - 33, y as i32 - 26);
            pixel.copy_from_slice(&if dx * dx + dy * dy < 500 { [200, 180, 160] } else { [3 * y as u8; 3] });
        }
    }
    pixels
}

fn image(pixels: &[u8]) -> Image<'_> {
    Image::new(Format::Rgb8, pixels, WIDTH, HEIGHT)
}

#[test]
fn labels_with_and_without_strides() {
    let (mut parser, tight, padded) = (parser(), drawing(3 * WIDTH as usize), drawing(3 * WIDTH as usize + 5));
    let labels = parser.parse(&image(&tight)).unwrap();
    assert!(labels.iter().any(|&label| label != 0));
    assert_eq!(parser.parse(&image(&padded).stride(3 * WIDTH as usize + 5)).unwrap(), labels);
    assert_eq!(parser.parse(&image(&tight).stride(9).stride(0)).unwrap(), labels); // 0: rows without padding
    let region = Region::new(33.0, 26.0, 40.0);
    assert_ne!(parser.parse_face(&image(&tight), Some(&region)).unwrap(), labels);

    let stride = WIDTH as usize + 3;
    let mut wide = vec![77; stride * HEIGHT as usize];
    let mut wanted = Outputs { labels: Some(Plane { data: &mut wide, stride }), ..Outputs::default() };
    parser.run(&image(&tight), None, &mut wanted).unwrap();
    for (row, line) in wide.chunks(stride).zip(labels.chunks(WIDTH as usize)) {
        assert_eq!(&row[..WIDTH as usize], line);
        assert_eq!(row[WIDTH as usize..], [77; 3]);
    }
}

#[test]
fn probabilities_and_mattes() {
    let (mut parser, pixels) = (parser(), drawing(3 * WIDTH as usize));
    let (count, size) = (parser.class_count() as usize, (WIDTH * HEIGHT) as usize);
    let mut probabilities = vec![0f32; count * size];
    let mut wanted = Outputs { probabilities: Some((&mut probabilities).into()), ..Outputs::default() };
    parser.run(&image(&pixels), None, &mut wanted).unwrap();
    for at in 0..size {
        let sum: f32 = (0..count).map(|k| probabilities[k * size + at]).sum();
        assert!((sum - 1.0).abs() < 1e-4);
    }
    assert_eq!(parser.matte(&image(&pixels), None, (1 << count) - 1).unwrap(), vec![255; size]);
}

#[test]
fn wrong_sizes_are_refused_before_c_sees_them() {
    let (mut parser, pixels) = (parser(), drawing(3 * WIDTH as usize));
    let wrong = [
        Image::new(Format::Rgb8, &pixels, WIDTH, HEIGHT + 1),
        Image::new(Format::Rgba8, &pixels, WIDTH, HEIGHT),
        Image::new(Format::Rgb8, &pixels, u32::MAX, u32::MAX),
        Image::new(Format::Nv12, &pixels[..99], 10, 7),
        Image::new(Format::Rgb8, &pixels, 0, 0),
        image(&pixels).stride(usize::MAX),
        image(&pixels).stride(1),
    ];
    for image in &wrong {
        assert_eq!(parser.parse(image).unwrap_err().status(), Some(Status::Argument), "{image:?}");
    }
    assert!(parser.parse(&Image::new(Format::Nv12, &pixels[..110], 10, 7)).is_ok());
    let mut short = vec![0; (WIDTH * HEIGHT) as usize - 1];
    let mut wanted = Outputs { labels: Some((&mut short).into()), ..Outputs::default() };
    let error = parser.run(&image(&pixels), None, &mut wanted).unwrap_err();
    assert_eq!(error.to_string(), "labels: 3550 elements are too few");
}

#[test]
fn errors_carry_the_sentence() {
    let error = Options::new().open("/nowhere.safetensors").err().unwrap();
    assert_eq!(error.status(), Some(Status::Io));
    assert!(error.to_string().contains("/nowhere.safetensors"), "{error}");
    assert_eq!(Options::new().load(&[1, 2, 3]).err().unwrap().status(), Some(Status::Format));
    let pixels = drawing(3 * WIDTH as usize);
    let error = parser().run(&image(&pixels), None, &mut Outputs::default()).unwrap_err();
    assert!(error.code() == -1 && error.to_string().contains("output"), "{error}");

    let limited = Options::new().threads(1).memory_limit(1).open(model()).err().unwrap();
    assert_eq!(limited.status(), Some(Status::Limit));
}

#[test]
fn clones_run_at_once() {
    let pixels = drawing(3 * WIDTH as usize);
    let expected = parser().parse(&image(&pixels)).unwrap();
    // Each waits in the middle of its parse for all others.
    let barrier = Arc::new(Barrier::new(3));
    let waiting = barrier.clone();
    let progress = move |done, _| {
        if done == 1 {
            waiting.wait();
        }
        true
    };
    let first = Options::new().threads(1).progress(progress).open(model()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let mut mine = first.try_clone().unwrap();
            let (pixels, expected) = (&pixels, &expected);
            scope.spawn(move || assert_eq!(&mine.parse(&image(pixels)).unwrap(), expected));
        }
        drop(first); // clones live on
    });
}

#[test]
fn cancelling_and_panics() {
    let (go_on, calls) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
    let (seen, counted) = (go_on.clone(), calls.clone());
    let progress = move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        seen.load(Ordering::Relaxed)
    };
    let mut parser = Options::new().threads(1).progress(progress).open(model()).unwrap();
    let pixels = drawing(3 * WIDTH as usize);
    parser.parse(&image(&pixels)).unwrap();
    assert!(calls.load(Ordering::Relaxed) > 1);
    go_on.store(false, Ordering::Relaxed);
    assert_eq!(parser.parse(&image(&pixels)).unwrap_err().status(), Some(Status::Cancelled));

    let mut parser = Options::new().threads(1).progress(|_, _| panic!("no")).open(model()).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.parse(&image(&pixels))));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"no"));
}

#[test]
fn log() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    let log = move |level, sentence: &str| heard.lock().unwrap().push((level, sentence.to_owned()));
    let options = Options::new().threads(1).log(log).progress(|_, _| false);
    let error = options.open("/nowhere.safetensors").err().unwrap();
    assert_eq!(*said.lock().unwrap(), [(Log::Error, error.to_string())]);

    // Both callbacks are there, for clones, too, and without a word where all is well.
    let pixels = drawing(3 * WIDTH as usize);
    let mut clone = options.open(model()).unwrap().try_clone().unwrap();
    assert_eq!(clone.parse(&image(&pixels)).unwrap_err().status(), Some(Status::Cancelled));
    assert_eq!(said.lock().unwrap().len(), 1);

    let options = Options::new().log(|_, _| panic!("no"));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| options.open("/nowhere.safetensors").err()));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"no"));
}

#[test]
fn names_of_constants() {
    assert_eq!(["auto", "c", "avx512"].map(Isa::find), [Isa::Auto, Isa::C, Isa::Avx512].map(Some));
    let precisions = [Precision::Auto, Precision::Fp32, Precision::Int8];
    assert_eq!(["auto", "fp32", "int8"].map(Precision::find), precisions.map(Some));
    for name in ["", "mmx", "c\0", "int8\0"] {
        assert_eq!((Isa::find(name), Precision::find(name)), (None, None));
    }
}

#[test]
fn the_bare_network() {
    let options = Options::new().threads(1).isa(Isa::C).keep_edges(true).input_size(33);
    let mut parser = options.open(model()).unwrap();
    assert!(options.clone().pack(true).open(model()).unwrap().memory().0 > parser.memory().0);
    assert_eq!((parser.isa().as_str(), parser.input_size(), parser.has_edges()), ("c", 33, true));
    let logits = parser.forward(&[0.5; 3 * 33 * 17], 33, 17).unwrap();
    assert_eq!((logits.height, logits.width), (9, 5));
    assert_eq!(logits.parsing.len(), 45 * parser.class_count() as usize);
    assert_eq!(logits.binary_edge.len(), 90);
    assert!(parser.forward(&[0.5; 99], 33, 17).is_err());
    let error = parser.forward(&[], 17, 0).unwrap_err();
    assert_eq!(error.to_string(), "input of 0 x 17: both sides must be 17 to 4097");
}

#[test]
fn what_a_model_says() {
    let parser = parser();
    for (label, name) in parser.classes().iter().enumerate() {
        assert_eq!(parser.class_find(name), Some(label as u32));
    }
    assert_eq!(parser.class_find("no such class"), None);
    assert_eq!(parser.metadata("no such key"), None);
    assert!(["subject", "picture"].contains(&parser.side().as_str()));
    assert!(parser.memory().0 > 1 << 20 && parser.threads() == 1 && dmlcsr::isa_available(Isa::C));
}

#[test]
fn models_that_come_with_the_library() {
    assert!(dmlcsr::model_path("base").unwrap().ends_with("dmlcsr-base.safetensors"));
    assert_eq!(dmlcsr::model_path("no such model"), None);
    assert_eq!(dmlcsr::model_path("ba\0se"), None);
}

#[test]
fn faces() {
    let (mut parser, pixels) = (parser(), drawing(3 * WIDTH as usize));
    let large = Face { center_x: 33.0, center_y: 26.0, size: 30.0, ..Face::default() };
    let small = Face { center_x: 30.0, center_y: 20.0, size: 16.0, rotation: 0.2, ..Face::default() };
    let mut expected = parser.parse_face(&image(&pixels), Some(&large.region())).unwrap();
    let mut wanted = Outputs { labels: Some((&mut expected).into()), compose: true, ..Outputs::default() };
    parser.run(&image(&pixels), Some(&small.region()), &mut wanted).unwrap(); // the smaller one on top
    assert_eq!(parser.parse_faces(&image(&pixels), Some(&[small, large])).unwrap(), expected);
    assert_eq!(parser.parse_faces(&image(&pixels), Some(&[])).unwrap(), vec![0; expected.len()]);

    let wrong = Face { center_x: f32::NAN, ..small };
    let error = parser.parse_faces(&image(&pixels), Some(&[wrong, large])).unwrap_err();
    assert!(error.status() == Some(Status::Argument) && error.to_string().starts_with("job 1: "), "{error}");
    let nothing = Face { size: f32::NAN, ..small };
    assert!(parser.parse_faces(&image(&pixels), Some(&[nothing])).is_err());
    let error = parser.find_faces(&image(&pixels), &FindOptions { smallest: 3.0, ..FindOptions::default() });
    assert!(error.unwrap_err().to_string().contains("smallest"));
    let short = Image::new(Format::Rgb8, &pixels, WIDTH, HEIGHT + 1);
    assert!(parser.find_faces(&short, &FindOptions::default()).is_err());
    assert!(parser.parse_faces(&short, Some(&[small])).is_err() && parser.parse_faces(&short, None).is_err());
}

#[test]
fn tables() {
    let parser = parser(); // its classes are those of CelebAMask-HQ
    let table = parser.class_map(Scheme::Lapa, Side::Unknown, 255).unwrap();
    assert_eq!(table, Scheme::CelebamaskHq.map_to(Scheme::Lapa, Side::Unknown, 255).unwrap());
    let swapped = parser.class_map(Scheme::Own, Side::Picture, 9).unwrap();
    assert_eq!([4, 5, 13, 99].map(|id| swapped[id]), [5, 4, 13, 9]);
    assert_eq!([4, 5, 13, 99].map(|id| parser.class_mirror()[id]), [5, 4, 13, 99]);
    assert_eq!(parser.class_map(Scheme::Own, Side::Subject, 0).unwrap()[..19], *(0..19).collect::<Vec<_>>());
    for (to, side, other) in [(Scheme::Lapa, Side::Unknown, 11), (Scheme::Own, Side::None, 0)] {
        let error = parser.class_map(to, side, other).unwrap_err();
        assert!(error.status() == Some(Status::Argument) && error.to_string().contains("the model's classes to"));
    }
}

/// As facts.c has it.
fn sum(map: &[u8]) -> u64 {
    map.iter().enumerate().map(|(i, &label)| u64::from(label) * (i as u64 % 251 + 1)).sum()
}

fn facts_of_tables(parser: &Parser) {
    for scheme in Scheme::all() {
        let name = scheme.name();
        println!("fact: scheme {} is {name}, side {}", scheme as i32, scheme.side() as i32);
        for (label, class) in scheme.classes().iter().enumerate() {
            println!("fact: class {label} of {name} is {class} {:06x}", scheme.class_color(label as u32));
        }
        println!("fact: model to {name} {}", sum(&parser.class_map(scheme, Side::Picture, 255).unwrap()));
        println!("fact: {name} to lapa {}", sum(&scheme.map_to(Scheme::Lapa, Side::Unknown, 3).unwrap()));
        println!("fact: {name} mirrored {}", sum(&scheme.mirror().unwrap()));
    }
    let own = parser.class_map(Scheme::Own, Side::Picture, 0).unwrap();
    println!("fact: model's left that of the picture {}", sum(&own));
    println!("fact: model mirrored {}", sum(&parser.class_mirror()));
}

type Step = fn(&mut Mask) -> dmlcsr::Result<()>;

fn facts_of_masks() {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let labels: Vec<u8> = (0..width * height).map(|i| ((i % width / 9 + i / width / 7) % 19) as u8).collect();
    let matte: Vec<u8> = (0..width * height).map(|i| (7 * (i % width) + 5 * (i / width)) as u8).collect();
    let fact = |what: &str, of: &[u8], step: Step| {
        let mut map = of.to_vec();
        step(&mut Mask::new(&mut map, WIDTH, HEIGHT)).unwrap();
        println!("fact: {what} {}", sum(&map));
        map
    };
    fact("remapped", &labels, |map| map.remap(&std::array::from_fn(|i| (7 * i) as u8)).map(|_| ()));
    let mask = fact("selected", &labels, |map| map.select(1 << 3 | 1 << 11).map(|_| ()));
    fact("grown", &mask, |map| map.grow(3.5).map(|_| ()));
    fact("shrunk", &mask, |map| map.shrink(2.25).map(|_| ()));
    fact("feathered", &mask, |map| map.feather(6.5).map(|_| ()));
    fact("cleaned", &matte, |map| map.clean(9.5).map(|_| ()));
}

/// Writes what tests/bindings/facts.c writes.
#[test]
fn facts() {
    let mut parser = Options::new().open(model()).unwrap();
    for (label, name) in parser.classes().iter().enumerate() {
        println!("fact: class {label} {name} {:06x}", parser.class_color(label as u32));
    }
    facts_of_tables(&parser);
    facts_of_masks();
    let pixels = match std::env::var("DMLCSR_PHOTO") {
        Ok(path) if !path.is_empty() => std::fs::read(path).unwrap(),
        _ => return,
    };
    let photo = Image::new(Format::Rgb8, &pixels, 512, 256);
    let found = parser.find_faces(&photo, &FindOptions { smallest: 40.0, ..FindOptions::default() }).unwrap();
    for f in &found {
        println!(
            "fact: face {:.2} {:.2} {:.2} {:.4}, {:.2} {:.2} {:.2} {:.2}, {:.6}",
            f.center_x, f.center_y, f.size, f.rotation, f.left, f.top, f.right, f.bottom, f.confidence
        );
    }
    println!("fact: labels of all faces {}", sum(&parser.parse_faces(&photo, Some(&found)).unwrap()));
    // Without faces, they are found, by another default of what is smallest.
    let labels = parser.parse_faces(&photo, None).unwrap();
    assert!(found.len() == 2 && labels[105 * 512 + 128] != 0 && labels[112 * 512 + 399] != 0 && labels[0] == 0);
}

#[test]
fn onnx() {
    let to = std::env::temp_dir().join(format!("dmlcsr-rust-{}.onnx", std::process::id()));
    let how = OnnxOptions { input_size: 65, edges: false, metadata: vec![("note".into(), "from Rust".into())] };
    dmlcsr::export_onnx(model(), &to, &how).unwrap();
    let written = std::fs::read(&to).unwrap();
    std::fs::remove_file(&to).unwrap();
    let has = |text: &[u8]| written.windows(text.len()).any(|window| window == text);
    assert!(has(b"\n\x04note\x12\x09from Rust") && has(b"\n\x0bdmlcsr.size\x12\x0265"));
    let error = dmlcsr::export_onnx(model(), &to, &OnnxOptions { input_size: 5, ..how }).unwrap_err();
    assert!(error.to_string().contains("input_size is 5") && !to.exists());
}

#[test]
fn model_files() {
    let listed = dmlcsr::inspect(model()).unwrap();
    assert!(listed.tensors.iter().any(|tensor| tensor.name == "layer6.conv4.weight" && tensor.shape.len() == 4));
    let to = std::env::temp_dir().join(format!("dmlcsr-rust-{}.safetensors", std::process::id()));
    let how = ConvertOptions {
        storage: Storage::Bf16,
        drop_edges: true,
        metadata: vec![("note".into(), "from Rust".into())],
        ..ConvertOptions::default()
    };
    dmlcsr::convert(model(), &to, &how).unwrap();
    let smaller = dmlcsr::inspect(&to).unwrap();
    std::fs::remove_file(&to).unwrap();
    assert!(smaller.metadata.contains(&("note".into(), "from Rust".into())));
    assert!(smaller.tensors.len() < listed.tensors.len());
    assert!(dmlcsr::inspect(&to).unwrap_err().to_string().contains("dmlcsr-rust"));
}

#[test]
fn calibration() {
    let (pixels, file) = (drawing(3 * WIDTH as usize), format!("dmlcsr-rust-bytes-{}.safetensors", std::process::id()));
    let to = std::env::temp_dir().join(file);
    let mut how = ConvertOptions { storage: Storage::I8, calibration: vec![image(&pixels)], ..ConvertOptions::default() };
    dmlcsr::convert(model(), &to, &how).unwrap();
    let parser = Options::new().threads(1).open(&to).unwrap();
    std::fs::remove_file(&to).unwrap();
    assert_eq!(parser.precision(), "int8");
    how.calibration.push(Image::new(Format::Rgb8, &pixels, WIDTH, HEIGHT + 1));
    assert_eq!(dmlcsr::convert(model(), &to, &how).unwrap_err().status(), Some(Status::Argument));
    assert!(!to.exists());
}
