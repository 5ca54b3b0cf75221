import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from './en.json'
import zh from './zh.json'

const chosen = () =>
  new URLSearchParams(window.location.search).get('lang') ??
  localStorage.getItem('language') ??
  (navigator.language.startsWith('zh') ? 'zh' : 'en')

const language = typeof window === 'undefined' ? 'zh' : chosen()

void i18n.use(initReactI18next).init({
  lng: language === 'en' ? 'en' : 'zh',
  fallbackLng: 'en',
  resources: { en: { translation: en }, zh: { translation: zh } },
  interpolation: { escapeValue: false },
  returnNull: false,
})

export default i18n
