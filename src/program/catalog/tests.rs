use super::*;

fn user(text: &str) -> Result<Arc<Catalog>, CatalogError> {
    Catalog::with(&[("my.toml".to_owned(), text.to_owned())])
}

#[test]
fn the_embedded_catalog_loads() {
    let catalog = Catalog::load(FILES, &[]).unwrap_or_else(|e| panic!("{e}"));
    for (pattern, _) in &catalog.patterns {
        load::compiles(pattern.trim_start_matches("re:")).unwrap_or_else(|e| panic!("{e}"));
    }
    catalog.pattern_set().expect("all patterns together");
    assert!(catalog.sizes().iter().all(|(_, n)| *n > 0), "a table is empty: {:?}", catalog.sizes());
    for (name, n) in catalog.sizes() { println!("{name} {n}"); }
}
