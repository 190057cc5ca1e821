#!/bin/sh
echo script $0 "$@"
exit 5
