//! The tables of the catalog, each named once: what a file may contain, and where the entries of each are found.

use serde::Deserialize;

use super::load::{Adding, Fault};
use super::model::*;
use super::{Catalog, Model};

/// One line per table: its key in the files, which is also the name of its query, and the type of its entries.
macro_rules! tables {
    ($($table:ident: $entry:ident,)*) => {
        /// A catalog file as written.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct File {
            /// The default of `force` for the entries.
            #[serde(default)]
            pub force: bool,
            /// Names known from earlier files that mean something else here.
            #[serde(default)]
            pub forget: Vec<String>,
            #[serde(default)]
            pub message_param: Vec<MessageParam>,
            #[serde(default)]
            pub message_object: Vec<MessageObject>,
            #[serde(default)]
            pub optional_part: Vec<OptionalPart>,
            $(#[serde(default)] $table: Vec<$entry>,)*
        }

        /// All entries. None is ever removed: a later entry for a name replaces an earlier one in lookups only.
        #[derive(Debug, Default)]
        pub(super) struct Tables {
            $($table: Vec<$entry>,)*
        }

        /// The positions in [`Tables`] of the entries for one name, 1-based; 0 is none.
        #[derive(Clone, Copy, Debug, Default)]
        pub(super) struct Places {
            $($table: u16,)*
        }

        impl Places {
            /// Takes what is missing here from `other`.
            pub fn fill(&mut self, other: Places) {
                $(if self.$table == 0 {
                    self.$table = other.$table;
                })*
            }

            /// The entries that hold even if the repository defines the name; `None` if there are none.
            pub fn forced(mut self, tables: &Tables) -> Option<Places> {
                let mut any = false;
                $(match self.$table(tables) {
                    Some(entry) if entry.force() => any = true,
                    _ => self.$table = 0,
                })*
                any.then_some(self)
            }

            $(fn $table(self, tables: &Tables) -> Option<&$entry> {
                tables.$table.get(usize::from(self.$table).checked_sub(1)?)
            })*
        }

        impl Tables {
            /// The last position in each table.
            pub fn ends(&self) -> Places {
                Places { $($table: self.$table.len() as u16,)* }
            }
        }

        impl<'c> Model<'c> {
            $(pub fn $table(&self) -> Option<&'c $entry> {
                self.places.$table(&self.catalog.tables)
            })*
        }

        impl Catalog {
            $(pub fn $table(&self, name: &str) -> Option<&$entry> {
                self.places(name)?.$table(&self.tables)
            })*

            /// The number of names and patterns in each table.
            pub fn sizes(&self) -> Vec<(&'static str, usize)> {
                let all = || self.exact.values().chain(self.patterns.iter().map(|(_, places)| places));
                vec![$((stringify!($table), all().filter(|places| places.$table != 0).count()),)*]
            }

            /// Adds the entries of `file`.
            pub(super) fn add_entries(&mut self, file: File, adding: &mut Adding) -> Result<(), Fault> {
                $(for mut entry in file.$table {
                    entry.force_by_default(file.force);
                    let fault = |what| Fault::new(entry.names().span(), stringify!($table), what);
                    if entry.names().get_ref().is_empty() {
                        return Err(fault("has no names".into()));
                    }
                    entry.check().map_err(fault)?;
                    let place = u16::try_from(self.tables.$table.len() + 1);
                    let place = place.map_err(|_| fault("has too many entries".into()))?;
                    for name in entry.names().get_ref() {
                        let places = self.slot(name, adding).map_err(fault)?;
                        if places.$table > adding.before.$table {
                            return Err(fault(format!("has `{name}` twice")));
                        }
                        places.$table = place;
                    }
                    self.tables.$table.push(entry);
                })*
                Ok(())
            }
        }
    };
}

tables! {
    source: Source,
    extractor: Extractor,
    cursor: Cursor,
    accessor: Accessor,
    sink: Sink,
    allocator: Allocator,
    free: Free,
    may_null: MayNull,
    must_check: MustCheck,
    number_parser: NumberParser,
    needs_nul: NeedsNul,
    stores: Stores,
    noreturn: NoReturn,
    assert: Assert,
    guard: Guard,
    length_test: LengthTest,
    clamp: Clamp,
    retry: Retry,
    delay: Delay,
    wait: Wait,
    random: Random,
    timer: Timer,
    push: Push,
    handler: Handler,
    blocking: Blocking,
    lock: Lock,
    log: Log,
}
