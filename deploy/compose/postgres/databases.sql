-- Run once, by the image, in the database `atlas` that it has made: the second database, and vectors in the first.
CREATE DATABASE crm_sandbox;
CREATE EXTENSION IF NOT EXISTS vector;
