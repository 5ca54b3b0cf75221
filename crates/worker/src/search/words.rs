//! Words of Chinese and English text. The dictionary takes 30 MB and is read with the first text.

use jieba_rs::Jieba;
use std::sync::LazyLock;
use tantivy::tokenizer::{LowerCaser, TextAnalyzer, Token, TokenStream, Tokenizer};

/// The analyzer of texts and of questions.
pub fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(Words).filter(LowerCaser).build()
}

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Words of Chinese and of other languages, for the index and for questions.
#[derive(Clone)]
struct Words;

struct WordStream {
    tokens: Vec<Token>,
    next: usize,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let tokens = JIEBA
            .cut_for_search(text, true)
            .into_iter()
            .filter(|w| w.word.chars().any(char::is_alphanumeric))
            .enumerate()
            .map(|(position, w)| {
                let from = w.word.as_ptr() as usize - text.as_ptr() as usize;
                Token { offset_from: from, offset_to: from + w.word.len(), position, text: w.word.to_owned(), position_length: 1 }
            })
            .collect();
        WordStream { tokens, next: 0 }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_english_are_cut_into_words() {
        let mut analyzer = analyzer();
        let mut words = Vec::new();
        analyzer.token_stream("盾存云备份 SaaS，数据备份").process(&mut |t| words.push(t.text.clone()));
        for word in ["备份", "saas", "数据"] {
            assert!(words.iter().any(|w| w == word), "{word} is not in {words:?}");
        }
        assert!(!words.iter().any(|w| w == "，"));
    }
}
