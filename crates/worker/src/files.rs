//! Where files are kept: exports, pictures, packages.

use app::Error;
use bytes::Bytes;
use domain::Timestamp;
use futures_util::{Stream, TryStreamExt};
use object_store::{MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, local::LocalFileSystem, path::Path};
use std::{pin::Pin, sync::Arc};

/// Where files are kept.
#[derive(Clone)]
pub struct Files(Arc<dyn ObjectStore>);

fn failed(name: &str, e: object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&e);
    while let Some(e) = cause {
        if e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::StorageFull) {
            return Error::DiskFull;
        }
        cause = e.source();
    }
    Error::row("files", name, e)
}

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
        self.0.put(&Path::from(name), bytes.into()).await.map_err(|e| failed(name, e))?;
        Ok(())
    }

    /// Keeps a file that is not there yet; of several who come at once one makes it. Says whether this one did.
    ///
    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<bool, Error> {
        match self.0.put_opts(&Path::from(name), bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// # Errors
    /// [`Error::Row`] when there is no such file.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        let found = self.0.get(&Path::from(name)).await.map_err(|e| failed(name, e))?;
        Ok(found.bytes().await.map_err(|e| failed(name, e))?.to_vec())
    }

    /// A file, when there is one.
    ///
    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn find(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.0.get(&Path::from(name)).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(|e| failed(name, e))?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(name, e)),
        }
    }

    /// A file that is written piece by piece; it is not there before it is finished.
    ///
    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn begin(&self, name: &str) -> Result<Writing, Error> {
        let upload = self.0.put_multipart(&Path::from(name)).await.map_err(|e| failed(name, e))?;
        Ok(Writing { name: name.to_owned(), upload, pending: Vec::new() })
    }

    /// # Errors
    /// [`Error::Row`] when there is no such file.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        self.0.rename(&Path::from(from), &Path::from(to)).await.map_err(|e| failed(from, e))
    }

    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn remove(&self, name: &str) -> Result<(), Error> {
        self.0.delete(&Path::from(name)).await.map_err(|e| failed(name, e))
    }

    /// The names below a folder that were written before a moment.
    ///
    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn older(&self, folder: &str, before: Timestamp) -> Result<Vec<String>, Error> {
        let found: Vec<ObjectMeta> = self.0.list(Some(&Path::from(folder))).try_collect().await.map_err(|e| failed(folder, e))?;
        let old = |m: &ObjectMeta| m.last_modified.timestamp() < before.as_second();
        Ok(found.into_iter().filter(old).map(|m| m.location.to_string()).collect())
    }

    /// How long a file is, and its bytes as they are read.
    ///
    /// # Errors
    /// [`Error::Row`] when there is no such file.
    pub async fn read(&self, name: &str) -> Result<(u64, Pin<Box<dyn Stream<Item = object_store::Result<Bytes>> + Send>>), Error> {
        let found = self.0.get(&Path::from(name)).await.map_err(|e| failed(name, e))?;
        Ok((found.meta.size, Box::pin(found.into_stream())))
    }
}

/// Pieces are sent on when they come to this many bytes: object stores want large parts.
const PART: usize = 8 << 20;

/// A file that is being written.
pub struct Writing {
    name: String,
    upload: Box<dyn MultipartUpload>,
    pending: Vec<u8>,
}

impl Writing {
    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.pending.extend_from_slice(&bytes);
        if self.pending.len() < PART {
            return Ok(());
        }
        self.send().await
    }

    async fn send(&mut self) -> Result<(), Error> {
        let part = PutPayload::from(std::mem::take(&mut self.pending));
        self.upload.put_part(part).await.map_err(|e| failed(&self.name, e))
    }

    /// # Errors
    /// [`Error::Row`] when the store refuses.
    pub async fn finish(mut self) -> Result<(), Error> {
        self.send().await?;
        self.upload.complete().await.map_err(|e| failed(&self.name, e))?;
        Ok(())
    }

    /// Leaves nothing behind, as far as the store can.
    pub async fn abort(mut self) {
        if let Err(e) = self.upload.abort().await {
            tracing::warn!(name = self.name, error = %e, "a broken upload was left behind");
        }
    }
}
