//! Where files are kept: exports and pictures.

use app::Error;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};
use std::sync::Arc;

/// Where files are kept.
#[derive(Clone)]
pub struct Files(Arc<dyn ObjectStore>);

impl Files {
    /// A folder, made when it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn folder(path: &std::path::Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(std::io::Error::other)?;
        Ok(Self(Arc::new(store)))
    }

    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.0.put(&Path::from(name), bytes.into()).await.map_err(|e| Error::row("files", name, e))?;
        Ok(())
    }

    /// # Errors
    /// [`Error::Row`] when there is no such file.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        let found = self.0.get(&Path::from(name)).await.map_err(|e| Error::row("files", name, e))?;
        Ok(found.bytes().await.map_err(|e| Error::row("files", name, e))?.to_vec())
    }
}
