//! The language of conditions: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `and`, `or`, `not`, parentheses, texts, tuples and lists,
//! `true` and `false`, and the names of options. It is the part of Jinja2 that BuildStream documents.

use super::tokens::{Token, tokenize};

/// A parsed condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Name(String),
    Text(String),
    Bool(bool),
    List(Vec<Expression>),
    Not(Box<Expression>),
    /// Operands in a list and not nested, because there may be as many as fit in a file.
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// The first operand, and the comparisons with further ones, chained as in Python.
    Compare(Box<Expression>, Vec<(Comparison, Expression)>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// The depth of nesting beyond which a condition is refused.
const MAX_DEPTH: usize = 50;

/// Parses a condition.
///
/// # Errors
/// A message that says what was expected.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokenize(text)?, next: 0, depth: 0 };
    let expression = parser.or()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => {
            Err(format!("'{token}' is unexpected here; expected 'and', 'or', a comparison or the end"))
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// Steps over the next token if it is this word or sign.
    fn skip(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w) | Token::Sign(w)) if w == word);
        self.next += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        let operands = self.operands("or", Self::and)?;
        self.depth -= 1;
        Ok(alone_or(Expression::Or, operands))
    }

    fn and(&mut self) -> Result<Expression, String> {
        Ok(alone_or(Expression::And, self.operands("and", Self::not)?))
    }

    /// The operands between occurrences of `word`.
    fn operands(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Result<Expression, String>,
    ) -> Result<Vec<Expression>, String> {
        let mut operands = vec![operand(self)?];
        while self.skip(word) {
            operands.push(operand(self)?);
        }
        Ok(operands)
    }

    fn not(&mut self) -> Result<Expression, String> {
        let mut negations = 0;
        while self.skip("not") {
            negations += 1;
        }
        let inner = self.comparison()?;
        match negations {
            0 => Ok(inner),
            _ if negations % 2 == 0 => Ok(Expression::Not(Box::new(Expression::Not(Box::new(inner))))),
            _ => Ok(Expression::Not(Box::new(inner))),
        }
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let first = self.operand()?;
        let mut others = Vec::new();
        while let Some(comparison) = self.comparison_sign()? {
            others.push((comparison, self.operand()?));
        }
        if others.is_empty() { Ok(first) } else { Ok(Expression::Compare(Box::new(first), others)) }
    }

    fn comparison_sign(&mut self) -> Result<Option<Comparison>, String> {
        let signs = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        let sign = signs.into_iter().find(|(sign, _)| self.skip(sign));
        let comparison = if let Some((_, comparison)) = sign {
            comparison
        } else if self.skip("in") {
            Comparison::In
        } else if self.skip("not") {
            if !self.skip("in") {
                return Err("expected 'in' after 'not'".to_owned());
            }
            Comparison::NotIn
        } else {
            return Ok(None);
        };
        Ok(Some(comparison))
    }

    fn operand(&mut self) -> Result<Expression, String> {
        let Some(token) = self.peek().cloned() else {
            return Err("the condition ends too early; expected an option, a text or '('".to_owned());
        };
        self.next += 1;
        match token {
            Token::Text(text) => Ok(Expression::Text(text)),
            Token::Word(word) => match word.as_str() {
                "true" | "True" => Ok(Expression::Bool(true)),
                "false" | "False" => Ok(Expression::Bool(false)),
                "and" | "or" | "in" | "is" | "if" | "else" => Err(format!("'{word}' is unexpected here")),
                _ => Ok(Expression::Name(word)),
            },
            Token::Sign(sign) if sign == "(" => self.list(")"),
            Token::Sign(sign) if sign == "[" => self.list("]"),
            Token::Sign(sign) => {
                Err(format!("'{sign}' is unexpected here; expected an option, a text or '('"))
            }
        }
    }

    /// The items in parentheses or brackets; the opening one was read before.
    fn list(&mut self, close: &str) -> Result<Expression, String> {
        let mut items = Vec::new();
        let mut comma = false;
        while !self.skip(close) {
            if !items.is_empty() && !comma {
                return Err(format!("expected ',' or '{close}'"));
            }
            items.push(self.or()?);
            comma = self.skip(",");
        }
        match items.len() {
            1 if close == ")" && !comma => Ok(items.remove(0)),
            _ => Ok(Expression::List(items)),
        }
    }
}

/// The one operand, or several joined.
fn alone_or(join: fn(Vec<Expression>) -> Expression, mut operands: Vec<Expression>) -> Expression {
    match (operands.pop(), operands.is_empty()) {
        (Some(only), true) => only,
        (last, _) => join(operands.into_iter().chain(last).collect()),
    }
}
