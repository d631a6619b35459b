#!/usr/bin/env -S node --max-semi-space-size=1 --max-old-space-size=96 --optimize-for-size
import '../dist/main.js';
