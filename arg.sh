#!/bin/sh -e
false
exit 5
