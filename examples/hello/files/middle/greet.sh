#!/bin/sh
# Greets each name of a file with the hello program.
set -e
while read -r name; do
  hello "$name"
done < "$1"
