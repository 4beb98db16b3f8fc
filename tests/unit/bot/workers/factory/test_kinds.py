"""Which tasks ask for a program."""

import pytest

from bot.workers.factory.kinds import guess_kind

PROGRAMS = [
    "Write a function is_prime(n)",
    "fizzbuzz(n) for numbers up to 100",
    "A Python script that renames files",
    "write some code that sorts a list",
    "a class Stack with push and pop",
    "make a CLI that counts words",
    "Write a small program that prints a calendar",
    "a regex for dates",
    "an algorithm for the shortest path",
    "Create hello.py",
    "Escribe una función que sume dos números",
    "Haz un programa que cuente palabras",
    "Necesito código para leer un CSV",
    "un script que borre duplicados",
    "una clase Pila con apilar y desapilar",
    "un algoritmo para ordenar",
    "Explain nothing, just write a function add(a, b)",
]
TEXTS = [
    "Write a poem about the sea",
    "Write a short story about Python programmers",
    "write me an email to my landlord about the heating",
    "Explain what recursion is",
    "Explain how a hash function works",
    "A birthday invitation",
    "a letter to my class of 2010",
    "a product description for a lamp",
    "A haiku",
    "Escribe un poema sobre el mar",
    "Redacta una carta para mi casero",
    "Escríbeme un correo sobre el programa de fiestas",
    "Una invitación de cumpleaños",
    "Explica qué es un algoritmo",
    "una receta de tortilla",
]


@pytest.mark.parametrize("task", PROGRAMS)
def test_a_program(task: str) -> None:
    assert guess_kind(task) == "python"


@pytest.mark.parametrize("task", TEXTS)
def test_a_text(task: str) -> None:
    assert guess_kind(task) == "text"
