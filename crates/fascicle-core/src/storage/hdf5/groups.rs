//! The members of a group: links in its header, or an old symbol table.

use super::bytes::Bytes;
use super::object::{Message, from};
use super::read::{Read, Wrong, damaged};
use super::{UNDEFINED, message};

/// The names and addresses that a group with these messages has.
pub fn members(file: &[u8], messages: &[Message<'_>]) -> Read<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for message in messages {
        let cut = || damaged("a group is damaged");
        match message.kind {
            message::LINK => link(message.body, &mut found).ok_or_else(cut)?,
            message::LINK_INFO if indexed(message.body).ok_or_else(cut)? => {
                let what = "expected a group with its links in its header, found an index of them";
                return Err(Wrong::Foreign(what.to_string()));
            }
            message::SYMBOL_TABLE => {
                found.extend(symbol_table(file, message.body).ok_or_else(cut)?);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Adds a name and an address; no link to a name or another file, which ensembles do not have.
fn link(mut body: Bytes<'_>, found: &mut Vec<(String, u64)>) -> Option<()> {
    body.expect(&[1])?;
    let flags = body.u8()?;
    let hard = flags & 8 == 0 || body.u8()? == 0;
    body.skip(if flags & 4 == 0 { 0 } else { 8 })?;
    body.skip(usize::from(flags & 0x10 != 0))?;
    let length = usize::try_from(body.number(1 << (flags & 3))?).ok()?;
    let name = name(body.take(length)?)?;
    if hard {
        found.push((name, body.u64()?));
    }
    Some(())
}

fn name(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn indexed(mut body: Bytes<'_>) -> Option<bool> {
    body.expect(&[0])?;
    let flags = body.u8()?;
    body.skip(if flags & 1 == 0 { 0 } else { 8 })?;
    Some(body.u64()? != UNDEFINED)
}

fn symbol_table(file: &[u8], mut body: Bytes<'_>) -> Option<Vec<(String, u64)>> {
    let (tree, mut heap) = (body.u64()?, from(file, body.u64()?)?);
    heap.expect(b"HEAP\0\0\0\0")?;
    let length = usize::try_from(heap.u64()?).ok()?;
    heap.skip(8)?;
    let names = from(file, heap.u64()?)?.take(length)?;
    let mut found = Vec::new();
    // No file has more nodes than bytes.
    walk(file, tree, None, names, &mut file.len(), &mut found)?;
    Some(found)
}

/// Adds what lies under a node of a B-tree whose level is known from the one above.
fn walk(
    file: &[u8],
    address: u64,
    level: Option<u8>,
    names: &[u8],
    most: &mut usize,
    found: &mut Vec<(String, u64)>,
) -> Option<()> {
    let mut node = from(file, address)?;
    node.expect(b"TREE\0")?;
    let own = node.u8()?;
    level.is_none_or(|level| level == own).then_some(())?;
    let children = node.u16()?;
    node.skip(16)?;
    for _ in 0..children {
        *most = most.checked_sub(40)?;
        // A key, which only a search needs, then a child.
        node.skip(8)?;
        let child = node.u64()?;
        match own.checked_sub(1) {
            Some(below) => walk(file, child, Some(below), names, most, found)?,
            None => symbols(from(file, child)?, names, most, found)?,
        }
    }
    Some(())
}

fn symbols(
    mut node: Bytes<'_>,
    names: &[u8],
    most: &mut usize,
    found: &mut Vec<(String, u64)>,
) -> Option<()> {
    node.expect(b"SNOD\x01\0")?;
    for _ in 0..node.u16()? {
        *most = most.checked_sub(40)?;
        let (place, address) = (node.u64()?, node.u64()?);
        let symbolic = node.number(4)? == 2;
        node.skip(20)?;
        let text = Bytes(names.get(usize::try_from(place).ok()?..)?).text()?;
        if !symbolic {
            found.push((name(text)?, address));
        }
    }
    Some(())
}
