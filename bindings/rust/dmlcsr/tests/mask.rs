//! Class lists, tables and masks, which need no model.
use dmlcsr::{Mask, Scheme, Side, Status, Table};

#[test]
fn schemes() {
    for scheme in Scheme::all() {
        assert_eq!(Scheme::find(&scheme.name()), Some(scheme));
        assert_eq!(scheme.class_color(0), 0);
    }
    assert_eq!((Scheme::all()[0], Scheme::all().last()), (Scheme::CelebamaskHq, Some(&Scheme::Merged8)));
    for name in ["", "no such scheme", "la\0pa"] {
        assert_eq!(Scheme::find(name), None);
    }
    assert_eq!((Scheme::Lapa.name().as_str(), Scheme::Lapa.side()), ("lapa", Side::Picture));
    assert_eq!((Scheme::Lapa.classes().len(), Scheme::Lapa.classes()[2].as_str()), (11, "left eyebrow"));
    let sides = [Scheme::Segformer, Scheme::Helen, Scheme::Merged11].map(Scheme::side);
    assert_eq!(sides, [Side::Subject, Side::Unknown, Side::None]);
    assert_eq!((Scheme::Own.name().as_str(), Scheme::Own.side(), Scheme::Own.classes().len()), ("", Side::Unknown, 0));
}

#[test]
fn tables() {
    let table = Scheme::CelebamaskHq.map_to(Scheme::Lapa, Side::Unknown, 255).unwrap();
    // The person's left eye is the right one of the picture; hats have no counterpart.
    assert_eq!([4, 11, 14].map(|id| table[id]), [5, 7, 255]);
    let same_side = Scheme::CelebamaskHq.map_to(Scheme::Lapa, Side::Subject, 0).unwrap();
    assert_eq!([4, 14, 255].map(|id| same_side[id]), [4, 0, 255]);
    assert_eq!(Scheme::Lapa.mirror().unwrap()[..6], [0, 1, 3, 2, 5, 4]);
    let error = Scheme::Helen.map_to(Scheme::Lapa, Side::Subject, 0).unwrap_err();
    assert_eq!(error.status(), Some(Status::Argument));
    assert!(error.to_string().starts_with("no table from Helen to Lapa, side Subject, other 0: "), "{error}");
    assert!(Scheme::Own.map_to(Scheme::Lapa, Side::Unknown, 0).is_err());
    assert_eq!(Scheme::Own.mirror().unwrap_err().to_string(), "Own has no classes");
}

#[test]
fn labels() {
    let mut labels = [3, 3, 0, 0, 5, 70];
    Mask::new(&mut labels, 3, 2).select(1 << 3 | 1 << 5).unwrap();
    assert_eq!(labels, [255, 255, 0, 0, 255, 0]);
    let table: Table = std::array::from_fn(|i| 255 - i as u8);
    Mask::new(&mut labels, 3, 2).remap(&table).unwrap();
    assert_eq!(labels, [0, 0, 255, 255, 0, 255]);
}

/// 11 x 9 pixels, 4 x 3 of them on, with `more` bytes of 77 behind each row.
fn rectangle(more: usize) -> Vec<u8> {
    let inside = |x, y| (4..8).contains(&x) && (3..6).contains(&y);
    let pixel = |i| match (i % (11 + more), i / (11 + more)) {
        (x, _) if x >= 11 => 77,
        (x, y) => u8::from(inside(x, y)) * 200,
    };
    (0..(11 + more) * 9).map(pixel).collect()
}

#[test]
fn masks() {
    // To the nearest pixel that is on.
    let distance = |x: usize, y: usize| {
        let (dx, dy) = ((x as f32 - 5.5).abs() - 1.5, (y as f32 - 4.0).abs() - 1.0);
        dx.max(0.0).hypot(dy.max(0.0))
    };
    for radius in [0.0, 1.0, 1.5, 2.9, 3.5] {
        let (mut mask, mut rest) = (rectangle(0), rectangle(0));
        rest.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
        Mask::new(&mut mask, 11, 9).grow(radius).unwrap();
        Mask::new(&mut rest, 11, 9).shrink(radius).unwrap();
        for (i, (&grown, &left)) in mask.iter().zip(&rest).enumerate() {
            let on = distance(i % 11, i / 11) <= radius;
            assert_eq!((grown, left), (u8::from(on) * 255, u8::from(!on) * 255), "radius {radius}, pixel {i}");
        }
    }
    let mut soft = rectangle(0);
    Mask::new(&mut soft, 11, 9).feather(4.0).unwrap();
    assert_eq!(soft[44..55], [0, 0, 32, 96, 159, 223, 223, 159, 96, 32, 0]);
    let mut matte = rectangle(0);
    matte.iter_mut().for_each(|pixel| *pixel = (*pixel).max(40));
    Mask::new(&mut matte, 11, 9).clean(4.0).unwrap();
    assert_eq!(matte[44..55], [0, 0, 10, 30, 214, 241, 241, 214, 30, 10, 0]);
}

#[test]
fn steps_in_a_row_and_strides() {
    let (mut tight, mut padded) = (rectangle(0), rectangle(5));
    Mask::new(&mut tight, 11, 9).grow(2.0).unwrap().shrink(1.0).unwrap().feather(3.0).unwrap();
    Mask::new(&mut padded, 11, 9).stride(16).grow(2.0).unwrap().shrink(1.0).unwrap().feather(3.0).unwrap();
    for (row, line) in padded.chunks(16).zip(tight.chunks(11)) {
        assert_eq!((&row[..11], &row[11..]), (line, &[77; 5][..]));
    }
}

#[test]
fn wrong_sizes_are_refused_before_c_sees_them() {
    let mut pixels = rectangle(0);
    let sizes = [(11, 10, 0), (12, 9, 0), (11, 9, 12), (11, 9, 10), (0, 9, 0), (11, 0, 0), (u32::MAX, u32::MAX, 0)];
    for (width, height, stride) in sizes {
        let mut mask = Mask::new(&mut pixels, width, height).stride(stride);
        assert_eq!(mask.select(1).unwrap_err().status(), Some(Status::Argument), "{width} {height} {stride}");
        assert_eq!(mask.grow(1.0).unwrap_err().status(), Some(Status::Argument), "{width} {height} {stride}");
    }
    let error = Mask::new(&mut pixels, 11, 10).grow(1.0).unwrap_err();
    assert_eq!(error.to_string(), "99 bytes are no mask of 11 x 10 pixels, 11 bytes from row to row");
    for reach in [-1.0, f32::NAN, f32::INFINITY] {
        let mut mask = Mask::new(&mut pixels, 11, 9);
        for (name, error) in [
            ("radius", mask.grow(reach).map(|_| ())),
            ("radius", mask.shrink(reach).map(|_| ())),
            ("width", mask.feather(reach).map(|_| ())),
            ("band", mask.clean(reach).map(|_| ())),
        ] {
            assert_eq!(error.unwrap_err().to_string(), format!("{name} is {reach}, must be 0 or above, and finite"));
        }
    }
    assert_eq!(pixels, rectangle(0)); // untouched
}
