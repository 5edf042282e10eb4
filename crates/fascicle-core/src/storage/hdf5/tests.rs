//! Files of ours and of others, against a library for all of the format.

use std::path::Path;

use hdf5_pure::{AttrValue, CompoundTypeBuilder, File as Theirs, FileBuilder};

use super::checksum::lookup3;
use super::*;

const SIGNED: Kind = Kind::Integer { signed: true, size: 8 };

fn bytes_of(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Numbers of several types at the root and in a group, and a text.
fn ours(text: &str) -> Vec<u8> {
    let mut file = Writer::new();
    let reals = file.dataset(Kind::F64, &[2, 2], &bytes_of(&[1.0, -2.5, 3.0, f64::MAX]));
    let complex = file.dataset(Kind::Complex, &[1], &bytes_of(&[0.5, -0.25]));
    let scalar = file.dataset(SIGNED, &[], &(-7_i64).to_le_bytes());
    let empty = file.dataset(Kind::F64, &[0], &[]);
    let inner = file.group(&[("ünusual name".to_string(), empty)], None);
    let members = [("reals", reals), ("complex", complex), ("scalar", scalar), ("group", inner)];
    let members = members.map(|(name, address)| (name.to_string(), address));
    let root = file.group(&members, Some(("log", text)));
    file.finish(root)
}

#[test]
fn the_library_of_the_tests_agrees() {
    for text in ["", "ünusual\ntext", &"long ".repeat(2000)] {
        let file = Theirs::from_bytes(ours(text)).unwrap();
        let root = file.root();
        let reals = root.dataset("reals").unwrap();
        assert_eq!(reals.shape().unwrap(), [2, 2]);
        assert_eq!(reals.read_f64().unwrap(), [1.0, -2.5, 3.0, f64::MAX]);
        assert_eq!(root.dataset("scalar").unwrap().read_i64().unwrap(), [-7]);
        assert_eq!(root.dataset("complex").unwrap().read_raw().unwrap(), bytes_of(&[0.5, -0.25]));
        let inner = root.group("group").unwrap();
        assert_eq!(inner.datasets().unwrap(), ["ünusual name"]);
        assert!(inner.dataset("ünusual name").unwrap().read_f64().unwrap().is_empty());
        let found = root.attrs().unwrap()["log"].clone();
        assert!(matches!(found, AttrValue::VarLenString(found) if found == text));
    }
}

#[test]
fn what_is_written_is_read() {
    let bytes = ours("some text");
    let root = File::new(&bytes).unwrap().root().unwrap();
    assert_eq!(root.datasets().unwrap(), ["reals", "complex", "scalar"]);
    assert_eq!(root.text("log").as_deref(), Some("some text"));
    assert_eq!(root.text("other"), None);
    let complex = root.dataset("complex").unwrap();
    assert_eq!((complex.kind, complex.shape.as_slice()), (Kind::Complex, [1].as_slice()));
    let scalar = root.dataset("scalar").unwrap();
    assert_eq!((scalar.kind, scalar.shape.len(), scalar.data[0]), (SIGNED, 0, 249));
    let inner = root.group("group").unwrap().expect("a group");
    assert!(inner.dataset("ünusual name").unwrap().data.is_empty());
    assert!(root.group("reals").unwrap().is_none() && root.group("nothing").unwrap().is_none());
}

/// Files of earlier versions, which this library wrote, are read.
#[test]
fn the_librarys_files_are_read() {
    let mut file = FileBuilder::new();
    for k in 0..40 {
        file.create_dataset(&format!("number {k}")).with_f64_data(&[f64::from(k)]);
    }
    let pair = CompoundTypeBuilder::new().f64_field("r").f64_field("i").build().unwrap();
    file.create_dataset("complex").with_compound_data(pair, bytes_of(&[1.0, 2.0]), 1);
    let mut group = file.create_group("group");
    group.create_dataset("bytes").with_u8_data(&[1, 2, 3]);
    file.add_group(group.finish());
    file.set_attr("log", AttrValue::VarLenString("some text".to_string()));
    let bytes = file.finish().unwrap();
    let root = File::new(&bytes).unwrap().root().unwrap();
    assert_eq!(root.datasets().unwrap().len(), 41);
    assert_eq!(root.dataset("number 39").unwrap().data, 39_f64.to_le_bytes());
    assert_eq!(root.dataset("complex").unwrap().kind, Kind::Complex);
    assert_eq!(root.text("log").as_deref(), Some("some text"));
    let group = root.group("group").unwrap().expect("a group");
    assert_eq!(group.dataset("bytes").unwrap().data, [1, 2, 3]);
}

/// h5py's defaults: symbol tables, headers of version 1.
#[test]
fn a_file_that_h5py_wrote_is_read_as_by_the_library() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/qclab-1.3.0/saved-by-qclab.h5");
    let bytes = std::fs::read(path).unwrap();
    let theirs = Theirs::from_bytes(bytes.clone()).unwrap();
    let root = File::new(&bytes).unwrap().root().unwrap();
    let mut names = root.datasets().unwrap();
    names.sort_unstable();
    assert_eq!(names, theirs.root().datasets().unwrap());
    for name in names {
        let (own, other) = (root.dataset(name).unwrap(), theirs.root().dataset(name).unwrap());
        assert_eq!((own.shape, own.data), (other.shape().unwrap(), &*other.read_raw().unwrap()));
    }
    assert!(root.text("log").is_some());
}

#[test]
fn what_is_not_read_is_named() {
    let mut file = FileBuilder::new();
    let numbers = [1.0; 64];
    file.create_dataset("packed").with_f64_data(&numbers).with_chunks(&[16]).with_deflate(6);
    let bytes = file.finish().unwrap();
    let root = File::new(&bytes).unwrap().root().unwrap();
    let Err(Wrong::Foreign(what)) = root.dataset("packed") else { panic!("it is compressed") };
    assert_eq!(what, "expected no compression or other filter in `packed`");
}

/// The values of Jenkins's own driver for `hashlittle`.
#[test]
fn checksums_are_lookup3() {
    assert_eq!(lookup3(b""), 0xDEAD_BEEF);
    assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
}

/// Every byte changed in every bit, and every cut: never a panic, and cuts are refused.
#[test]
fn no_damage_makes_it_panic() {
    let read_all = |bytes: &[u8]| {
        let root = File::new(bytes)?.root()?;
        for name in root.datasets()? {
            root.dataset(name)?;
        }
        root.text("log");
        root.group("group").map(|_| ())
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/qclab-1.3.0/saved-by-qclab.h5");
    for whole in [ours("some text"), std::fs::read(path).unwrap()] {
        assert!(read_all(&whole).is_ok());
        for at in 0..whole.len() {
            assert!(read_all(&whole[..at]).is_err(), "cut at {at}");
            let mut damaged = whole.clone();
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                damaged[at] = whole[at] ^ flip;
                let _ = read_all(&damaged);
            }
        }
    }
}
