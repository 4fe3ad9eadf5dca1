//! The index: plain Rust, without Python.

use std::collections::BTreeMap;

/// The byte offsets at which each word of a text begins.
pub(crate) struct Index(BTreeMap<Vec<u8>, Vec<u64>>);

impl Index {
    /// Words are runs of ASCII letters and digits.
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut words = BTreeMap::<Vec<u8>, Vec<u64>>::new();
        let mut offset = 0;
        for word in text.split(|byte| !byte.is_ascii_alphanumeric()) {
            if !word.is_empty() {
                words.entry(word.to_vec()).or_default().push(offset);
            }
            offset += word.len() as u64 + 1;
        }
        Self(words)
    }

    pub(crate) fn find(&self, word: &[u8]) -> &[u64] {
        self.0.get(word).map_or(&[], Vec::as_slice)
    }

    /// The lengths of the different words.
    pub(crate) fn lengths(&self) -> Vec<f64> {
        self.0.keys().map(|word| word.len() as f64).collect()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        println!("wordindex:  dropped an index of {} words", self.0.len());
    }
}
