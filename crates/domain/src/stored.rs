//! How words are kept in a database: as their text, on any engine. A column gives the value or says which word it does not know.
//! Only with the feature `diesel`; without it the macros are empty and nothing here knows of a database.

#[cfg(feature = "diesel")]
pub use diesel;

/// Lets a column of text give a type that is read with `FromStr`, and says what it could not read.
#[cfg(feature = "diesel")]
#[macro_export]
macro_rules! stored_text {
    ($name:ident) => {
        const _: () = {
            use $crate::stored::diesel::{
                backend::Backend,
                deserialize::{self, FromSql, Queryable},
                sql_types::{SingleValue, Text},
            };

            impl<DB> FromSql<Text, DB> for $name
            where
                DB: Backend,
                String: FromSql<Text, DB>,
            {
                fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                    Ok(<String as FromSql<Text, DB>>::from_sql(bytes)?.parse::<Self>()?)
                }
            }

            impl<ST, DB> Queryable<ST, DB> for $name
            where
                DB: Backend,
                ST: SingleValue,
                Self: FromSql<ST, DB>,
            {
                type Row = Self;

                fn build(row: Self) -> deserialize::Result<Self> {
                    Ok(row)
                }
            }
        };
    };
}

/// Lets a column of text take and give a type that has `as_str` and `FromStr`.
#[cfg(feature = "diesel")]
#[macro_export]
macro_rules! stored_word {
    ($name:ident) => {
        $crate::stored_text!($name);

        const _: () = {
            use $crate::stored::diesel::{
                backend::Backend,
                expression::AsExpression,
                internal::derives::as_expression::Bound,
                serialize::{self, Output, ToSql},
                sql_types::{Nullable, Text},
            };

            impl<DB> ToSql<Text, DB> for $name
            where
                DB: Backend,
                str: ToSql<Text, DB>,
            {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                    <str as ToSql<Text, DB>>::to_sql(self.as_str(), out)
                }
            }

            impl<DB> ToSql<Nullable<Text>, DB> for $name
            where
                DB: Backend,
                Self: ToSql<Text, DB>,
            {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                    <Self as ToSql<Text, DB>>::to_sql(self, out)
                }
            }

            impl AsExpression<Text> for $name {
                type Expression = Bound<Text, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }

            impl AsExpression<Text> for &$name {
                type Expression = Bound<Text, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }

            impl AsExpression<Nullable<Text>> for $name {
                type Expression = Bound<Nullable<Text>, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }

            impl AsExpression<Nullable<Text>> for &$name {
                type Expression = Bound<Nullable<Text>, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
        };
    };
}

#[cfg(not(feature = "diesel"))]
#[macro_export]
macro_rules! stored_text {
    ($name:ident) => {};
}

#[cfg(not(feature = "diesel"))]
#[macro_export]
macro_rules! stored_word {
    ($name:ident) => {};
}
