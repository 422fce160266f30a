//! Merges the catalog tables of a configuration with those of one that it extends.

use std::collections::BTreeSet;

use toml::{Table, Value};

/// The entries of `base`, then those of `own`: for a name that both have in one table, `own` wins.
pub fn joined(mut base: Table, mut own: Table) -> Table {
    if base.is_empty() {
        return own;
    }
    settle(&mut base);
    settle(&mut own);
    let forgotten: BTreeSet<String> = own.get("forget").map(texts).unwrap_or_default();
    for entries in base.iter_mut().filter(|(key, _)| *key != "forget").filter_map(|(_, all)| all.as_array_mut()) {
        without(entries, &forgotten);
    }
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Array(before)), Value::Array(more)) => {
                without(before, &more.iter().filter_map(|entry| entry.get("names")).flat_map(texts).collect());
                before.extend(more);
            }
            (_, value) => drop(base.insert(key, value)),
        }
    }
    base
}

/// Moves a catalog-wide `force` to its entries.
fn settle(catalog: &mut Table) {
    let Some(force) = catalog.remove("force") else { return };
    for entries in catalog.iter_mut().filter_map(|(_, all)| all.as_array_mut()) {
        for entry in entries.iter_mut().filter_map(Value::as_table_mut).filter(|entry| entry.contains_key("names")) {
            entry.entry("force").or_insert_with(|| force.clone());
        }
    }
}

/// Removes names from the entries, and entries without any name left.
fn without(entries: &mut Vec<Value>, gone: &BTreeSet<String>) {
    entries.retain_mut(|entry| {
        let Some(Value::Array(names)) = entry.get_mut("names") else { return true };
        names.retain(|name| name.as_str().is_none_or(|name| !gone.contains(name)));
        !names.is_empty()
    });
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::catalog::Catalog;

    #[test]
    fn what_extends_wins_name_by_name() {
        let table = |text: &str| toml::from_str::<Table>(text).expect("TOML");
        let base = "force = true\nforget = [\"x\"]\n[[noreturn]]\nnames = [\"a\", \"b\"]\n[[log]]\nnames = [\"b\", \"c\"]\nfmt = 0\n\
                    [[message_object]]\ntypes = [\"struct m\"]\ndata = [\"d\"]\n";
        let own = "forget = [\"c\"]\n[[log]]\nnames = [\"b\"]\nfmt = 1\n[[free]]\nnames = [\"a\"]\narg = 0\n";
        let text = toml::to_string(&joined(table(base), table(own))).expect("TOML");
        let expected = "forget = [\"x\", \"c\"]\n\n[[noreturn]]\nnames = [\"a\", \"b\"]\nforce = true\n\n\
                        [[log]]\nnames = [\"b\"]\nfmt = 1\n\n[[message_object]]\ntypes = [\"struct m\"]\ndata = [\"d\"]\n\n\
                        [[free]]\nnames = [\"a\"]\narg = 0\n";
        assert_eq!(table(&text), table(expected), "{text}");
        assert!(Catalog::with(&[("joined".into(), text)]).is_ok());
    }
}
