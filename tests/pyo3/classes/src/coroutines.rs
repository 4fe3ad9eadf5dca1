//! Async functions and methods, and classes that can be awaited.

use core::pin::Pin;
use core::task::{Context, Poll};

use pyo3::coroutine::CancelHandle;
use pyo3::exceptions::{PyStopAsyncIteration, PyStopIteration, PyValueError};
use pyo3::prelude::*;

/// Is ready when it was polled this many times. It wakes its task each time.
struct Turns(u32);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Is ready when a thread has slept, which then wakes the task.
struct Nap(Option<std::thread::JoinHandle<()>>);

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.0.take() {
            Some(thread) if thread.is_finished() => Poll::Ready(()),
            Some(thread) => {
                self.0 = Some(thread);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => {
                let waker = context.waker().clone();
                self.0 = Some(std::thread::spawn(move || {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    waker.wake();
                }));
                Poll::Pending
            }
        }
    }
}

/// Return the argument after some turns of the event loop.
#[pyfunction]
pub(crate) async fn later(value: Py<PyAny>, turns: u32) -> PyResult<Py<PyAny>> {
    Turns(turns).await;
    Ok(value)
}

#[pyfunction]
pub(crate) async fn nap() -> &'static str {
    Nap(None).await;
    "rested"
}

#[pyfunction]
pub(crate) async fn fail_later(text: String) -> PyResult<()> {
    Turns(1).await;
    Err(PyValueError::new_err(text))
}

#[pyfunction]
pub(crate) async fn panic_later() {
    Turns(1).await;
    panic!("while it is polled")
}

/// Waits until it is cancelled, and returns what cancelled it.
#[pyfunction]
pub(crate) async fn until_cancelled(#[pyo3(cancel_handle)] mut cancel: CancelHandle) -> Py<PyAny> {
    cancel.cancelled().await
}

/// Methods that are async.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Clock {
    #[pyo3(get)]
    ticks: u32,
}

#[pymethods]
impl Clock {
    #[new]
    fn new() -> Self {
        Self { ticks: 0 }
    }

    async fn tick(&mut self, times: u32) -> u32 {
        for _ in 0..times {
            Turns(1).await;
            self.ticks += 1;
        }
        self.ticks
    }

    async fn read(&self) -> u32 {
        Turns(2).await;
        self.ticks
    }

    #[staticmethod]
    async fn made() -> Self {
        Turns(1).await;
        Self { ticks: 100 }
    }
}

/// An awaitable and an asynchronous iterator over what it holds.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Ticks {
    left: u32,
}

#[pymethods]
impl Ticks {
    #[new]
    fn new(left: u32) -> Self {
        Self { left }
    }

    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__(&mut self) -> PyResult<Option<Ready>> {
        if self.left == 99 {
            return Err(PyStopAsyncIteration::new_err("ninety-nine"));
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or_default();
        Ok(left.map(|value| Ready { value, done: false }))
    }
}

/// An awaitable that is its own iterator: it suspends once.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Ready {
    value: u32,
    done: bool,
}

#[pymethods]
impl Ready {
    #[new]
    fn new(value: u32) -> Self {
        Self { value, done: false }
    }

    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if self.done {
            return Err(PyStopIteration::new_err(self.value));
        }
        self.done = true;
        Ok(py.None())
    }
}
