//! Every test of the program as a whole, in one binary. A test of one function lies beside it in
//! `src`; here lies what needs several modules, the program itself, or the world around it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

// Shared by the tests: what they need, and what they stand on.

// Tools of this machine, and how a missing one is reported.
mod tools;

// Tests that need a process of their own.
mod alone;

// The agent's threads without a desktop.
mod bare_agent;

// What the program said on stdout.
mod program;

// A mouse that moves when a test says so.
mod wire;

// A synthetic user's recording, in place of the mouse.
mod hand;

// Datasets of people who are made up.
mod invented;

// Random models and windows that nobody trained.
mod sample_model;

// The networks computed by their definition, slowly.
mod reference;

// The real capture process, listened to until it has told what is awaited.
#[cfg(target_os = "linux")]
mod hearing;

// X servers with mice of their own.
#[cfg(target_os = "linux")]
mod mice;

// Monitors that change.
#[cfg(target_os = "linux")]
mod screens;

// A mock of logind.
#[cfg(target_os = "linux")]
mod logind;

// The house.

// Who may import whom, who may read a clock, hold `unsafe` or touch the terminal; headers, lengths.
mod architecture;

// `config.example.toml` equals the defaults.
mod config_example;

// What a package holds, that it installs and goes away; recipes for other systems.
mod package;

// The rig's own test desktop.
mod test_desktop;

// From signals to verdicts.

// Where movement is cut into windows.
mod user_manager;
mod windows;

// Decisions from scores and evidence.
mod decision;

// Networks and model files.

// The training engine against its definition: layers, gradients, convergence.
mod nn_engine;

// One file, one score: both scorers and the definition.
mod parity;

// Every way in which a model file or a scorer's library can be wrong.
mod model_errors;

// Model files before the reference implementations in Python.
mod python_bundle;

// What scoring by ONNX Runtime leaves behind: nothing.
mod telemetry;

// Recordings and datasets.

// Each format's reader on its fixture.
mod formats;

// Formats that a layout describes.
mod formats_generic;

// Files that are damaged, foreign or not what they seem.
mod formats_faults;

// What the commonest loggers write.
mod formats_loggers;

// `preprocess`: windows for training.
mod preprocess;

// Parquet and Arrow.
mod columnar;

// The Spark job on a local cluster.
mod spark;

// The laboratory.

// Training one owner's model.
mod lab_train;

// Training everybody of a dataset.
mod train_series;

// `evaluate`: protocols, figures, refusals.
mod evaluate;

// `explore`: checks and pictures of recordings.
mod explore;

// `identify`: who of several it is.
mod identify;

// The file that `identify` writes and reads.
mod identify_model;

// The agent, without a desktop.

// Alarms, answers, pauses and faults.
mod agent;

// Devices that change while it watches.
mod agent_capture;

// What it learns, and what it does not.
mod agent_learning;

// The program as a process: status, pause, stop, reload, a second instance.
mod daemon;

// `adaptation`: what was learnt, shown and taken back.
mod adaptation;

// Every command that a text of the program names parses.
mod commands;

// Every command of the laboratory that a document names runs.
mod documents;

// `inspect`.
mod inspect;

// `report`.
mod report;

// Many machines: the schema of events, sample rules, `fleet`.
mod fleet;

// The laboratory's papers: every command, sample and script of them.
mod laboratory;

// What a new user is given: the version of Rust, the quiet hours, a start without a model.
mod first_steps;

// `privacy`, `export` and `purge`.
mod privacy;

// The administrator's policy below /etc.
mod policy;

// `service`: what it lays down, and what the system says of it.
mod service;

// The desktop: real X servers, buses and services, none of them the person's.

// The kernel's devices, by pipes.
mod capture_evdev;

// The capture process on an X server.
mod desktop_capture;

// The capture process and mice that are plugged in and out.
mod desktop_hardware;

// The program while sessions lock, screens change and devices come and go.
mod desktop_changes;

// The program on a display: enrolment, its end, a display that dies.
mod live_display;

// Locking by logind, screen saver and command.
mod desktop_lock;

// Notification servers that work, hang or die.
mod desktop_notify;

// The bus interface of a running agent.
mod desktop_bus;

// The tray.
mod desktop_tray;

// What fails around the agent: buses that hang, lockers that fail, agents that are killed.
mod faults;

// Damaged input for every reader of foreign bytes.
mod fuzz;

// Other systems.

// The Windows program under Wine.
mod wine;
